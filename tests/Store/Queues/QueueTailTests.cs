using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Queues;

/// <summary>Queue entries that are readable before they are in a file.</summary>
public sealed class QueueTailTests
{
    [Fact]
    public async Task Entries_are_readable_before_a_file_is_made_and_the_checkpoint_makes_it()
    {
        var files = new FaultyFileSystem(1);
        await using var store = MessageStore.Open(Options(), files, new ManualClock());
        for (var i = 0; i < 40; i++)
            store.Append("topic", 0, $"{i}");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(40, store.Bodies("topic", 0).Count);
        Assert.False(files.FileExists("/store/consumequeue/topic/0/00000000000000000000"));
        Assert.True(store.WriteCheckpoint());
        Assert.True(files.FileExists("/store/consumequeue/topic/0/00000000000000000000"));
        store.Append("topic", 0, "40");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(Enumerable.Range(0, 41).Select(i => $"{i}"), store.Bodies("topic", 0));
    }

    [Fact]
    public async Task One_read_takes_entries_from_the_file_and_from_memory()
    {
        await using var store = MessageStore.Open(Options(), new FaultyFileSystem(1), new ManualClock());
        for (var i = 0; i < 300; i++)
        {
            store.Append("topic", 0, $"{i}");
            if (i == 200)
            {
                await store.WaitDispatchedAsync().Within("dispatched");
                store.WriteCheckpoint();
            }
        }

        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        var entries = new QueueEntry[400];
        Assert.Equal(250, queue.ReadEntries(50, entries));
        Assert.All(entries[..249].Zip(entries[1..250]), pair => Assert.Equal(pair.First.PhysicalOffset + pair.First.Size, pair.Second.PhysicalOffset));
        Assert.Equal(300, store.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task Memory_beyond_the_bound_is_written_before_a_checkpoint_asks()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        options.MaxUnwrittenQueueBytes = 64 << 10;
        await using var store = MessageStore.Open(options, files, new ManualClock());
        for (var i = 0; i < 1000; i++)
            store.Append("topic", i, "x");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.InRange(files.Paths.Count(path => path.Contains("consumequeue", StringComparison.Ordinal)), 700, 900);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Single(store.Bodies("topic", i)));
    }

    [Fact]
    public async Task Many_dirty_queues_are_made_durable_by_one_sync_of_the_file_system()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        options.SyncFileSystemAbove = 20;
        await using (var store = MessageStore.Open(options, files, new ManualClock()))
        {
            for (var i = 0; i < 30; i++)
                store.Append("topic", i, "x");
            await store.WaitDispatchedAsync().Within("dispatched");
            files.Add(new Fault(FileCall.SyncDirectory, "consumequeue"));
            Assert.True(store.WriteCheckpoint());
            files.Crash(powerLoss: true);
        }

        files.ClearFaults();
        await using var again = MessageStore.Open(options, files, new ManualClock());
        Assert.DoesNotContain("MissingQueueTail", again.Repairs.Select(repair => repair.Name));
        Assert.All(Enumerable.Range(0, 30), i => Assert.Single(again.Bodies("topic", i)));
    }

    private static StoreOptions Options() => StoreKit.Small("/store");
}
