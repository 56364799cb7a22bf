using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Integrity;

/// <summary>Records of entries that follow one another, read together from mapped files: the same as one by one.</summary>
public sealed class RunReadTests
{
    private const int Messages = 900;
    private const int Queues = 3;

    [Fact]
    public Task Records_read_together_are_those_read_one_by_one_over_segments_and_damage() => Seeded.RunAsync(async random =>
    {
        using var directory = new TempDirectory();
        await using var store = MessageStore.Open(StoreKit.Small(directory.Path));
        for (var i = 0; i < Messages; i++)
            store.Append("topic", random.Next(Queues), new string('x', random.Next(random.Next(2000))));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.Written.Value > 3 * (64 << 10));
        for (var i = 0; i < 10; i++)
            FlipBit(directory.Path, random.NextInt64(store.Written.Value), random.Next(8));
        for (var queueId = 0; queueId < Queues; queueId++)
        {
            Assert.True(store.TryGetQueue("topic", queueId, out var queue));
            Assert.Equal(OneByOne(store, queue), Together(store, queue, random));
        }
    });

    [Fact]
    public async Task What_is_not_the_queue_s_record_is_not_given()
    {
        using var directory = new TempDirectory();
        await using var store = MessageStore.Open(StoreKit.Small(directory.Path));
        for (var i = 0; i < 10; i++)
            store.Append("topic", 0, $"body {i}");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        var entries = new QueueEntry[10];
        Assert.Equal(10, queue.ReadEntries(0, entries));
        var places = new RecordPlace[10];
        using var hold = new SegmentHold();
        Assert.Equal(10, store.ReadRecords(queue, 0, entries, hold, places));
        Assert.Equal(4, store.ReadRecords(queue, 0, entries, hold, places.AsSpan(..4)));
        Assert.Equal(0, store.ReadRecords(queue, 0, [], hold, places));
        Assert.Equal(0, store.ReadRecords(queue, 1, entries, hold, places));
        QueueEntry[] wrong =
        [
            QueueEntry.Filler,
            entries[3] with { Size = 0 },
            entries[3] with { Size = -1 },
            entries[3] with { Size = entries[3].Size + 1 },
            entries[3] with { PhysicalOffset = entries[3].PhysicalOffset + 1 },
            entries[3] with { PhysicalOffset = -1 },
            entries[3] with { PhysicalOffset = long.MaxValue },
            entries[3] with { PhysicalOffset = store.Written.Value },
            entries[4],
        ];
        foreach (var entry in wrong)
        {
            using var other = new SegmentHold();
            Assert.Equal(0, store.ReadRecords(queue, 3, [entry], other, places));
            QueueEntry[] all = [.. entries[..3], entry, .. entries[4..]];
            Assert.Equal(3, store.ReadRecords(queue, 0, all, hold, places));
        }
    }

    [Fact]
    public async Task Places_stay_as_long_as_the_hold_though_the_store_is_closed()
    {
        using var directory = new TempDirectory();
        var places = new RecordPlace[4];
        using var hold = new SegmentHold();
        await using (var store = MessageStore.Open(StoreKit.Small(directory.Path)))
        {
            for (var i = 0; i < 4; i++)
                store.Append("topic", 0, $"body {i}");
            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.True(store.TryGetQueue("topic", 0, out var queue));
            var entries = new QueueEntry[4];
            queue.ReadEntries(0, entries);
            Assert.Equal(4, store.ReadRecords(queue, 0, entries, hold, places));
        }

        Assert.True(places[0].TryJoin(places[1], out var both));
        Assert.False(places[0].TryJoin(places[2], out _));
        Assert.False(default(RecordPlace).TryJoin(default, out _));
        Assert.True(both.Span.SequenceEqual((byte[])[.. places[0].Span, .. places[1].Span]));
        Assert.True(places[3].Span.IndexOf("body 3"u8) > 0);
    }

    private static List<string> OneByOne(MessageStore store, ConsumeQueue queue)
    {
        var records = new List<string>();
        for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
        {
            Assert.True(queue.TryReadEntry(offset, out var entry));
            store.ReadRecord(queue, offset, entry, out var lease);
            using (lease)
                records.Add(Convert.ToHexString(lease.Span));
        }

        return records;
    }

    private static List<string> Together(MessageStore store, ConsumeQueue queue, Random random)
    {
        var records = new List<string>();
        var entries = new QueueEntry[100];
        var places = new RecordPlace[100];
        for (var offset = queue.MinOffset; offset < queue.MaxOffset;)
        {
            using var hold = new SegmentHold();
            var wanted = random.Next(1, entries.Length);
            var count = queue.ReadEntries(offset, entries.AsSpan(..wanted));
            var read = store.ReadRecords(queue, offset, entries.AsSpan(..count), hold, places);
            foreach (var place in places.AsSpan(..read))
                records.Add(Convert.ToHexString(place.Span));
            offset += read;
            if (read == count)
                continue;
            store.ReadRecord(queue, offset, entries[read], hold, out var lease);
            records.Add(Convert.ToHexString(lease.Span));
            offset++;
        }

        return records;
    }

    private static void FlipBit(string directory, long offset, int bit)
    {
        var segment = offset / (64 << 10) * (64 << 10);
        using var file = File.OpenHandle(Path.Combine(directory, "commitlog", $"{segment:D20}"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(file, one, offset - segment);
        one[0] ^= (byte)(1 << bit);
        RandomAccess.Write(file, one, offset - segment);
    }
}
