using System.Buffers;
using BenchmarkDotNet.Attributes;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>A send request of 128 bytes: cut from the buffer, its header read, and written.</summary>
[MemoryDiagnoser]
public class RemotingFrames
{
    private const int SendSecond = 310;
    private const int Version = 317;
    private const int BodySize = 128;

    private readonly FrameWriter _writer = new();
    private readonly RemotingHeader _header = new();
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private ReadOnlySequence<byte> _bytes;
    private Frame _frame;

    /// <summary>The form of the header.</summary>
    [Params(SerializeType.Json, SerializeType.RocketMq)]
    public SerializeType Form { get; set; }

    /// <summary>Makes the request.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Write();
        _bytes = new ReadOnlySequence<byte>([.. _output.WrittenSpan, .. new byte[BodySize]]);
        ReadOnlySequence<byte> rest = _bytes;
        _ = FrameCutter.TryCut(ref rest, FrameCutter.DefaultMaxFrameLength, out _frame, out _);
    }

    /// <summary>Bytes to a frame.</summary>
    [Benchmark]
    public long Cut()
    {
        ReadOnlySequence<byte> rest = _bytes;
        _ = FrameCutter.TryCut(ref rest, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _);
        return frame.Body.Length;
    }

    /// <summary>A frame to its fields.</summary>
    [Benchmark]
    public int Decode()
    {
        _ = _header.Decode(_frame);
        return _header.Opaque;
    }

    /// <summary>Fields to bytes.</summary>
    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        HeaderFieldsWriter fields = _writer.Fields;
        fields.AddUtf8("a"u8, "producers"u8);
        fields.AddUtf8("b"u8, "sensors"u8);
        fields.AddUtf8("c"u8, "TBW102"u8);
        fields.Add("d"u8, 4L);
        fields.Add("e"u8, 2L);
        fields.Add("f"u8, 0L);
        fields.Add("g"u8, 1_700_000_000_000L);
        fields.Add("h"u8, 0L);
        fields.AddUtf8("i"u8, "TAGS\u0001kitchen/temp\u0002"u8);
        fields.Add("j"u8, 0L);
        fields.Add("k"u8, false);
        var start = new HeaderStart(SendSecond, 7, HeaderFlags.Request, Form, LanguageCode.DotNet, Version);
        return _writer.Write(_output, start, default, hasFields: true, BodySize);
    }
}
