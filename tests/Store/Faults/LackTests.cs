using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Calls that find no room, or no handle for one more file: the store waits, and goes on by itself.</summary>
public sealed class LackTests
{
    private readonly ManualClock _clock = new();

    /// <summary>The disk had room for the name of a queue file and not for its length; its name is synced all the same, once it has.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_queue_file_gets_the_length_that_there_was_no_room_for(bool withExtension)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = Open(files, withExtension);
            files.Add(new Fault(FileCall.SetLength, withExtension ? "consumequeue_ext" : "consumequeue", times: 1, effect: FaultEffect.DiskFull));
            store.Append("topic", 0, "first", "tag");
            await DispatchedAsync(store);
            Assert.True(store.WriteCheckpoint());
            Assert.Equal(64 * 20, files.Content("/store/consumequeue/topic/0/00000000000000000000").Length);
            if (withExtension)
                Assert.Equal(store.Options.ConsumeQueueExtensionFileSize, files.Content("/store/consumequeue_ext/topic/0/00000000000000000000").Length);
            files.Crash(powerLoss: true, seed);
            await store.DisposeAsync();

            await using var again = Open(files, withExtension);
            Assert.DoesNotContain(again.Repairs, repair => repair.Crash.StartsWith("No crash", StringComparison.Ordinal));
            Assert.Equal(["first"], again.Bodies("topic", 0));
        }
    }

    [Theory]
    [InlineData(FlushMode.Fsync)]
    [InlineData(FlushMode.Async)]
    public async Task A_segment_that_cannot_be_opened_refuses_appends_until_it_can(FlushMode mode)
    {
        var files = new FaultyFileSystem(1);
        await using var store = Open(files, mode: mode);
        var body = new string('x', 9000);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, body).Status);
        files.Add(new Fault(mode == FlushMode.Fsync ? FileCall.Open : FileCall.Map, "commitlog", effect: FaultEffect.DiskFull));
        var appended = 1;
        AppendResult last;
        while ((last = store.Append("topic", 0, body)).Status == AppendStatus.Appended)
            Assert.InRange(++appended, 0, 7);
        Assert.Equal(AppendStatus.DiskFull, last.Status);
        await store.WaitDurableAsync(store.Written).Within("durable");
        Assert.Equal(StoreCondition.DiskFull, store.State.Condition);
        files.MakeRoom();
        _clock.Advance(store.Options.DiskFullRetryInterval);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, body).Status);
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(store.Written).Within("durable"));
        await DispatchedAsync(store);
        Assert.Equal(appended + 1, store.Bodies("topic", 0).Count);
        Assert.Equal(StoreState.Running, store.State);
    }

    /// <summary>A process that stands still for the time of a retry has its timer go off before it waits for it.</summary>
    [Fact]
    public async Task Dispatch_that_waits_for_room_is_woken_by_a_timer_that_goes_off_at_once()
    {
        var files = new FaultyFileSystem(1);
        var options = Options(withExtension: false);
        await using var store = MessageStore.Open(options, new FaultyProcess(files), new HastyClock(options.DiskFullRetryInterval));
        files.Add(new Fault(FileCall.CreateDirectory, "consumequeue", effect: FaultEffect.DiskFull));
        store.Append("topic", 0, "first");
        await Eventually.True(() => store.State.Condition == StoreCondition.DiskFull);
        files.MakeRoom();
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDispatchedAsync().AsTask().Within("dispatched"));
        Assert.Equal(["first"], store.Bodies("topic", 0));
    }

    private async Task DispatchedAsync(MessageStore store)
    {
        var wait = store.WaitDispatchedAsync().AsTask();
        await Eventually.True(() =>
        {
            _clock.Advance(store.Options.DiskFullRetryInterval);
            return wait.IsCompleted;
        }, "dispatched");
        Assert.Equal(DurabilityStatus.Durable, await wait);
    }

    private MessageStore Open(FaultyFileSystem files, bool withExtension = false, FlushMode mode = FlushMode.Fsync)
    {
        var options = Options(withExtension);
        options.FlushMode = mode;
        return MessageStore.Open(options, new FaultyProcess(files), _clock);
    }

    private static StoreOptions Options(bool withExtension)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(10);
        options.MaxUnwrittenQueueBytes = 0;
        options.ConsumeQueueExtension = withExtension;
        options.ConsumeQueueExtensionFileSize = 64 << 10;
        return options;
    }

    /// <summary>A clock whose timers of one length go off while they are made.</summary>
    private sealed class HastyClock(TimeSpan hasty) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == hasty && period == Timeout.InfiniteTimeSpan)
                callback(state);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
