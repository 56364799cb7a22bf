using System.Text.Json;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>Frames of tests/Golden/remoting that went to a server.</summary>
internal static class RecordedRequests
{
    /// <summary>Frames that went to a broker, and answers that clients gave it.</summary>
    public static IReadOnlyList<byte[]> ToBroker { get; } = Load("->broker");

    /// <summary>Frames that went to a name server.</summary>
    public static IReadOnlyList<byte[]> ToNameServer { get; } = Load("->namesrv");

    private static List<byte[]> Load(string direction)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("the solution's directory is not above the test");
        }

        string golden = Path.Combine(root.FullName, "tests", "Golden", "remoting");
        var frames = new List<byte[]>();
        foreach (string line in File.ReadLines(Path.Combine(golden, "index.jsonl")))
        {
            using JsonDocument index = JsonDocument.Parse(line);
            if (index.RootElement.GetProperty("direction").GetString()!.EndsWith(direction, StringComparison.Ordinal))
            {
                frames.Add(File.ReadAllBytes(Path.Combine(golden, index.RootElement.GetProperty("dir").GetString()!, index.RootElement.GetProperty("file").GetString()!)));
            }
        }

        return frames;
    }
}
