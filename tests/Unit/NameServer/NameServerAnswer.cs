using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

/// <summary>What an answer says.</summary>
internal sealed record NameServerAnswer(int Code, string? Remark, string Fields, string Body)
{
    public static NameServerAnswer Of(in Frame frame)
    {
        var header = new RemotingHeader();
        Assert.Null(header.Decode(frame));
        IEnumerable<string> fields = Enumerable.Range(0, header.Fields.Count)
            .Select(index => $"{Encoding.UTF8.GetString(header.Fields.NameAt(index))}={header.Fields.ValueAt(index)}");
        return new NameServerAnswer(header.Code, header.Remark.AsString(), string.Join(';', fields), Encoding.UTF8.GetString(frame.Body.ToArray()));
    }
}

/// <summary>Frames to ask with: recorded ones, and ones made by hand.</summary>
internal static class NameServerFrames
{
    /// <summary>A recorded frame.</summary>
    public static byte[] Recorded(string name)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("the solution's directory is not above the test");
        }

        string directory = string.Join('-', name.Split('-').Take(2));
        return File.ReadAllBytes(Path.Combine(root.FullName, "tests", "Golden", "remoting", directory, name + ".bin"));
    }

    /// <summary>What a recorded answer says.</summary>
    public static NameServerAnswer RecordedAnswer(string name)
    {
        var buffer = new ReadOnlySequence<byte>(Recorded(name));
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _));
        return NameServerAnswer.Of(frame);
    }

    /// <summary>A request with a JSON header.</summary>
    public static byte[] Request(int code, (string Name, string Value)[] fields, ReadOnlySpan<byte> body, int version)
    {
        var named = fields.ToDictionary(static field => field.Name, static field => field.Value);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(new { code, extFields = named, flag = 0, language = "JAVA", opaque = 7, serializeTypeCurrentRPC = "JSON", version });
        byte[] frame = new byte[8 + text.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), text.Length);
        text.CopyTo(frame, 8);
        body.CopyTo(frame.AsSpan(8 + text.Length));
        return frame;
    }
}
