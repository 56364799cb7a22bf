using System.Buffers;
using BenchmarkDotNet.Attributes;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>A PUBLISH at QoS 1 of 128 bytes: cut and read, and written.</summary>
[MemoryDiagnoser]
public class MqttPublish
{
    private const int MaximumPacketSize = 1 << 20;

    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly byte[] _payload = new byte[128];
    private readonly byte[] _topic = "sensors/kitchen/temp"u8.ToArray();
    private ReadOnlySequence<byte> _bytes;

    /// <summary>The version of the protocol.</summary>
    [Params(ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5)]
    public ProtocolVersion Version { get; set; }

    /// <summary>Makes the packet.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Encode();
        _bytes = new ReadOnlySequence<byte>(_output.WrittenSpan.ToArray());
    }

    /// <summary>Bytes to a packet.</summary>
    [Benchmark]
    public int Decode()
    {
        ReadOnlySequence<byte> rest = _bytes;
        _ = FrameCutter.TryCut(ref rest, MaximumPacketSize, out Frame frame, out _);
        _ = PublishPacket.TryDecode(frame.Body.First, frame.Flags, Version, out PublishPacket packet);
        return packet.Payload.Length;
    }

    /// <summary>A packet to bytes.</summary>
    [Benchmark]
    public int Encode()
    {
        _output.ResetWrittenCount();
        return PacketEncoder.Write(_output, new PublishPacket { Qos = 1, Topic = _topic, PacketId = 7, Payload = _payload }, Version);
    }
}
