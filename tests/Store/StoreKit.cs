using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Tests.Store;

/// <summary>Small stores and messages for tests.</summary>
internal static class StoreKit
{
    public static StoreOptions Small(string directory) => new()
    {
        Directory = directory,
        SegmentSize = 64 << 10,
        QueueFileEntries = 64,
        IndexSlots = 50,
        IndexEntries = 100,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 32 << 10,
    };

    public static AppendResult Append(this MessageStore store, string topic, int queueId, string body, string? tag = null)
    {
        Span<byte> properties = stackalloc byte[256];
        var writer = new PropertyTextWriter(properties);
        if (tag is not null)
            writer.TryAdd("TAGS", tag);
        return store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = queueId,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = writer.Written,
            BornTimestamp = 1_700_000_000_000,
            BornHost = HostAddress.Loopback(4711),
        });
    }

    /// <summary>Bodies of a queue, by way of its entries.</summary>
    public static List<string> Bodies(this MessageStore store, string topic, int queueId)
    {
        var bodies = new List<string>();
        if (!store.TryGetQueue(topic, queueId, out var queue))
            return bodies;
        for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
        {
            Assert.True(queue.TryReadEntry(offset, out var entry));
            using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
            Assert.True(lease.TryRead(out var record), $"no record for entry {offset} of {topic}/{queueId}");
            Assert.Equal(offset, record.QueueOffset);
            Assert.True(record.CrcMatches);
            bodies.Add(Encoding.UTF8.GetString(record.Body));
        }

        return bodies;
    }

    /// <summary>The directory <c>tests/Golden/store</c>.</summary>
    public static string Golden { get; } = FindGolden();

    public static void CopyDirectory(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(directory.Replace(from, to, StringComparison.Ordinal));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            File.WriteAllBytes(file.Replace(from, to, StringComparison.Ordinal), File.ReadAllBytes(file));
    }

    private static string FindGolden()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
            directory = directory.Parent;
        return Path.Combine(directory!.FullName, "tests", "Golden", "store");
    }
}
