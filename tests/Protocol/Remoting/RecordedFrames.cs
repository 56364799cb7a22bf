using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Frames;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

/// <summary>One line of tests/Golden/remoting/index.jsonl and the bytes it speaks of.</summary>
public sealed record RecordedFrame(string File, byte[] Bytes, JsonElement Index)
{
    public int RequestCode => Index.GetProperty("requestCode").GetInt32();

    public bool IsResponse => Index.GetProperty("kind").GetString() == "response";

    public override string ToString() => File;
}

/// <summary>The recorded frames.</summary>
public static class RecordedFrames
{
    private static readonly Lazy<IReadOnlyList<RecordedFrame>> Frames = new(Load);

    public static IReadOnlyList<RecordedFrame> All => Frames.Value;

    public static Frame Cut(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out var frame, out _));
        Assert.True(buffer.IsEmpty);
        return frame;
    }

    private static List<RecordedFrame> Load()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
            root = root.Parent ?? throw new InvalidOperationException("the solution's directory is not above the test");
        var golden = Path.Combine(root.FullName, "tests", "Golden", "remoting");
        var frames = new List<RecordedFrame>();
        foreach (var line in File.ReadLines(Path.Combine(golden, "index.jsonl")))
        {
            var index = JsonDocument.Parse(line).RootElement;
            var file = index.GetProperty("file").GetString()!;
            var bytes = File.ReadAllBytes(Path.Combine(golden, index.GetProperty("dir").GetString()!, file));
            frames.Add(new RecordedFrame(file, bytes, index));
        }
        return frames;
    }
}
