using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Tests.Store.Compaction;

/// <summary>Keyed messages, and what a compacted topic says of them.</summary>
internal static class CompactionKit
{
    public const string Topic = "table";

    public static StoreOptions Small(string directory = "/store") => new()
    {
        Directory = directory,
        SegmentSize = 16 << 10,
        QueueFileEntries = 32,
        IndexEnabled = false,
        MaxOpenQueueFiles = 4,
        MaxOpenCompactedFiles = 4,
        MaxBodySize = 12 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(10),
    };

    /// <summary>Appends a record of a key; a null value removes it.</summary>
    public static AppendResult Put(this MessageStore store, string? key, string? value, string topic = Topic, int queueId = 0, string? mark = null)
    {
        var properties = new byte[512];
        var writer = new PropertyTextWriter(properties);
        if (key is not null)
            writer.TryAdd("KEYS", key);
        if (mark is not null)
            writer.TryAdd(CompactionKey.Delete, Encoding.UTF8.GetBytes(mark));
        return store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = queueId,
            Body = Encoding.UTF8.GetBytes(value ?? string.Empty),
            Properties = writer.Written,
            BornHost = HostAddress.Loopback(1),
        });
    }

    /// <summary>The value of a key; null without.</summary>
    public static string? Latest(this MessageStore store, string key, string topic = Topic, int queueId = 0)
    {
        if (!store.CompactedTopics.TryGetLatest(topic, queueId, Encoding.UTF8.GetBytes(key), out var lease))
            return null;
        using (lease)
            return BodyOf(lease);
    }

    /// <summary>Queue offset and body of the latest records, in their order.</summary>
    public static List<(long Offset, string Body)> AllLatest(this MessageStore store, string topic = Topic, int queueId = 0)
    {
        var all = new List<(long, string)>();
        if (!store.CompactedTopics.TryGetQueue(topic, queueId, out var queue))
            return all;
        var records = queue.OpenLatest();
        while (records.TryReadNext(out var lease))
        {
            using (lease)
            {
                Assert.True(lease.TryRead(out var record));
                all.Add((record.QueueOffset, BodyOf(lease)));
            }
        }

        return all;
    }

    /// <summary>Queue offset and body of everything that a consumer meets from an offset on.</summary>
    public static List<(long Offset, string Body)> Pull(this MessageStore store, long offset, string topic = Topic, int queueId = 0)
    {
        var all = new List<(long, string)>();
        if (!store.TryGetQueue(topic, queueId, out var queue))
            return all;
        if (store.CompactedTopics.TryGetQueue(topic, queueId, out var compacted))
        {
            var records = new CompactedRecord[7];
            while (compacted.ReadCompacted(offset, records) is > 0 and var count)
            {
                foreach (var record in records.AsSpan(0, count))
                {
                    using var lease = record.Read();
                    all.Add((record.QueueOffset, BodyOf(lease)));
                }

                offset = records[count - 1].QueueOffset + 1;
            }

            offset = Math.Max(offset, compacted.FilesEnd);
        }

        for (offset = Math.Max(offset, queue.MinOffset); queue.TryReadEntry(offset, out var entry); offset++)
        {
            using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
            all.Add((offset, BodyOf(lease)));
        }

        return all;
    }

    /// <summary>Fills segments with records of another topic.</summary>
    public static async Task Fill(this MessageStore store, int segments)
    {
        var end = (store.Written.Value / store.SegmentSize + segments) * store.SegmentSize;
        while (store.Written.Value < end)
            Assert.Equal(AppendStatus.Appended, store.Append("filler", 0, new string('f', 2000)).Status);
        await store.WaitDispatchedAsync();
    }

    /// <summary>Deletes all segments but the last.</summary>
    public static void DeleteHead(this MessageStore store)
    {
        store.WriteCheckpoint();
        store.DeleteBefore(store.Written.Value - (store.Written.Value % store.SegmentSize), force: true);
    }

    /// <summary>A topic with one record a key, behind them segments of another topic; all in their files.</summary>
    public static async Task FillTable(this MessageStore store, int keys)
    {
        store.CompactedTopics.Add(Topic);
        for (var i = 0; i < keys; i++)
            store.Put($"k{i}", $"v{i}");
        await store.Fill(2);
        Assert.True(store.WriteCheckpoint());
    }

    public static string BodyOf(in RecordLease lease)
    {
        Assert.True(lease.TryRead(out var record), "no record");
        Assert.True(record.CrcMatches);
        return Encoding.UTF8.GetString(record.Body);
    }
}
