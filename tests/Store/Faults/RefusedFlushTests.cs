using System.Buffers.Binary;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>What the disk refused of queue files is not counted as written by a flush that comes later and succeeds.</summary>
public sealed class RefusedFlushTests
{
    private const int Queues = 8;

    /// <summary>
    /// A flush of queue files fails. The store is read-only from then on, but it is closed, and somebody may ask for a
    /// checkpoint: the kernel calls the pages clean, so another flush would succeed.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task No_checkpoint_follows_a_flush_that_failed(int syncAllAbove)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = Open(files, syncAllAbove);
            await FillAsync(store, 0);
            Assert.True(store.WriteCheckpoint());
            var before = RecoverOffset(files);
            await FillAsync(store, 1);
            files.Add(new Fault(FileCall.Flush, "consumequeue", times: 1));
            Assert.False(store.WriteCheckpoint());
            Assert.Equal(StoreCondition.ReadOnly, store.State.Condition);
            Assert.False(store.WriteCheckpoint());
            await store.DisposeAsync();
            Assert.Equal(before, RecoverOffset(files));
            files.Crash(powerLoss: true, seed);
            await CheckAsync(files, 2);
        }
    }

    /// <summary>
    /// The kernel writes queue pages back by itself, and the disk refuses some. Another process flushes the file system,
    /// for reasons of its own, and is told. So is the store, though after that.
    /// </summary>
    [Fact]
    public async Task A_refusal_that_somebody_else_was_told_of_fails_the_checkpoint()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = Open(files, syncAllAbove: 1);
            await FillAsync(store, 0);
            Assert.True(store.WriteCheckpoint());
            var before = RecoverOffset(files);
            await FillAsync(store, 1);
            for (var attempt = 0; !files.HasFaults; attempt++)
                files.FailWriteBack(attempt, "consumequeue");
            files.FlushedBySomebodyElse();
            Assert.False(store.WriteCheckpoint());
            Assert.Equal(StoreCondition.ReadOnly, store.State.Condition);
            await store.DisposeAsync();
            Assert.Equal(before, RecoverOffset(files));
            files.Crash(powerLoss: true, seed);
            await CheckAsync(files, 2);
        }
    }

    /// <summary>On a disk that others fill, what they wrote is refused, and the kernel tells all who flush the file system.</summary>
    [Fact]
    public async Task A_refusal_of_somebody_elses_file_fails_no_checkpoint()
    {
        var files = new FaultyFileSystem(1);
        files.Put("/other/file", new byte[4096]);
        await using var store = Open(files, syncAllAbove: 1, maxOpen: 100);
        await FillAsync(store, 0);
        for (var attempt = 0; !files.HasFaults; attempt++)
        {
            using (var other = files.Open("/other/file"))
                other.Write([(byte)(attempt + 1)], attempt);
            files.FailWriteBack(attempt, "/other/file");
        }

        Assert.True(store.WriteCheckpoint());
        Assert.Equal(StoreState.Running, store.State);
        Assert.Equal(store.Dispatched.Value, RecoverOffset(files));
    }

    /// <summary>A file that cannot be opened was not flushed, and is before the next checkpoint still.</summary>
    [Fact]
    public async Task A_queue_file_without_a_handle_keeps_the_checkpoint_where_it_is()
    {
        for (var skip = 0; skip < Queues; skip++)
        {
            var files = new FaultyFileSystem(skip);
            var store = Open(files, syncAllAbove: 0);
            await FillAsync(store, 0);
            var before = RecoverOffset(files);
            var fault = files.Add(new Fault(FileCall.Open, "consumequeue", skip, times: 1, FaultEffect.DiskFull));
            Assert.True(store.WriteCheckpoint());
            Assert.Equal(StoreState.Running, store.State);
            if (fault.Hits == 1)
                Assert.Equal(before, RecoverOffset(files));
            Assert.True(store.WriteCheckpoint());
            Assert.Equal(store.Dispatched.Value, RecoverOffset(files));
            files.MakeRoom();
            files.Crash(powerLoss: true, skip);
            await store.DisposeAsync();
            await CheckAsync(files, 1);
        }
    }

    private static long RecoverOffset(FaultyFileSystem files) =>
        BinaryPrimitives.ReadInt64BigEndian(files.Content("/store/checkpoint").AsSpan(72));

    private static async Task FillAsync(MessageStore store, int round)
    {
        for (var i = 0; i < 3 * Queues; i++)
            store.Append("topic", i % Queues, $"{round}-{i}");
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDispatchedAsync().AsTask().Within("dispatched"));
    }

    private static async Task CheckAsync(FaultyFileSystem files, int rounds)
    {
        await using var store = Open(files, syncAllAbove: 0);
        Assert.DoesNotContain(store.Repairs, repair => repair.Crash.StartsWith("No crash", StringComparison.Ordinal));
        for (var queue = 0; queue < Queues; queue++)
            Assert.Equal(3 * rounds, store.Bodies("topic", queue).Count);
    }

    private static MessageStore Open(FaultyFileSystem files, int syncAllAbove, int maxOpen = 4)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.MaxUnwrittenQueueBytes = 0;
        options.SyncFileSystemAbove = syncAllAbove;
        options.MaxOpenQueueFiles = maxOpen;
        return MessageStore.Open(options, new FaultyProcess(files));
    }
}
