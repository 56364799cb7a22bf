using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Index;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>Messages with keys, and what the index files of a directory say.</summary>
internal static class IndexKit
{
    public static AppendResult AppendKeyed(this MessageStore store, string topic, string? keys, string? unique = null, int sysFlag = 0)
    {
        Span<byte> properties = stackalloc byte[1024];
        var writer = new PropertyTextWriter(properties);
        if (keys is not null)
            Assert.True(writer.TryAdd("KEYS", keys));
        if (unique is not null)
            Assert.True(writer.TryAdd("UNIQ_KEY", unique));
        var result = store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = 0,
            SysFlag = sysFlag,
            Body = "body"u8,
            Properties = writer.Written,
            BornTimestamp = 1_700_000_000_000,
            BornHost = HostAddress.Loopback(4711),
        });
        Assert.Equal(AppendStatus.Appended, result.Status);
        return result;
    }

    public static IReadOnlyList<long> Find(this MessageStore store, string topic, string key, int max = 64, long begin = 0, long end = long.MaxValue, bool uniqueOnly = false)
    {
        var result = store.FindByKey(new KeyQuery(topic, key, max, begin, end, uniqueOnly));
        Assert.True(result.Status is KeyQueryStatus.Complete or KeyQueryStatus.Full, $"{result.Status}");
        return result.Offsets;
    }

    /// <summary>What a file says, without the index's own code.</summary>
    public static IndexContent Read(byte[] file, int slots)
    {
        var header = IndexHeader.Read(file);
        var entries = new List<IndexEntry>();
        for (var index = 1; index < header.Count; index++)
            entries.Add(IndexEntry.Read(file.AsSpan(IndexHeader.Size + (slots * 4) + (index * 20))));
        return new IndexContent(header, file[IndexHeader.Size..(IndexHeader.Size + (slots * 4))], entries);
    }

    public static string[] Files(string storeDirectory) =>
        [.. Directory.GetFiles(Path.Combine(storeDirectory, "index")).Order(StringComparer.Ordinal)];
}

/// <summary>The parts of an index file.</summary>
internal sealed record IndexContent(IndexHeader Header, byte[] Slots, List<IndexEntry> Entries);
