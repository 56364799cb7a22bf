using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Durability;

/// <summary>What all threads of the store allocate for a message, so nothing else may run meanwhile.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private static readonly QueueEntry[] Entries = new QueueEntry[10];
    private static readonly RecordPlace[] Places = new RecordPlace[10];
    private static readonly SegmentHold Hold = new();

    [Fact]
    public async Task Append_flush_wait_dispatch_and_read_allocate_nothing_per_message()
    {
        using var temp = new TempDirectory("store");
        var options = StoreKit.Small(temp["store"]);
        options.SegmentSize = 64 << 20;
        options.QueueFileEntries = 100_000;
        options.IndexEnabled = false;
        await using var store = MessageStore.Open(options);
        Assert.True(store.Append("topic", 1, "makes the queue").Status == AppendStatus.Appended);
        await Rounds(store, 500);
        // The runtime and what is left of other tests allocate now and then: the least of several runs is the store's own.
        var least = long.MaxValue;
        for (var run = 0; run < 5; run++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await Rounds(store, 1000);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // A single byte a message would be 10,000.
        Assert.InRange(least, 0, 8_000);
    }

    private static async Task Rounds(MessageStore store, int count)
    {
        var body = new byte[500];
        for (var round = 0; round < count; round++)
        {
            var end = AppendTen(store, body);
            if (await store.WaitDurableAsync(end).ConfigureAwait(false) != DurabilityStatus.Durable)
                Assert.Fail("not durable");
        }

        Assert.True(SpinWait.SpinUntil(() => store.Dispatched.Value == store.Written.Value, Waiting.Patience));
        Assert.True(store.TryGetQueue("topic"u8, 1, out var queue));
        for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset += 10)
            ReadTen(store, queue, offset);
    }

    private static WrittenOffset AppendTen(MessageStore store, byte[] body)
    {
        AppendResult last = default;
        for (var i = 0; i < 10; i++)
            last = store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 1, Body = body, Properties = "TAGS\u0001a\u0002"u8 });
        return last.End;
    }

    private static void ReadTen(MessageStore store, ConsumeQueue queue, long offset)
    {
        var count = queue.ReadEntries(offset, Entries);
        for (var found = 0; found < count;)
        {
            var read = store.ReadRecords(queue, offset + found, Entries.AsSpan(found..count), Hold, Places);
            if (read == 0)
                Assert.Fail($"no record for {offset + found}");
            found += read;
        }

        if (store.ReadRecord(queue, offset, Entries[0], out var lease) != EntryReading.Found)
            Assert.Fail($"no record for {offset}");
        lease.Dispose();
        Hold.Release();
    }
}
