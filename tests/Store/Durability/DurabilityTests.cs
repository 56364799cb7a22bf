using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Durability;

/// <summary>Written is not durable; nothing is acknowledged or seen before it is.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Nothing_is_acknowledged_or_visible_before_the_disk_has_it()
    {
        using var hold = new ManualResetEventSlim(false);
        var files = new FaultyFileSystem(1);
        var listener = new Recorder();
        await using var store = MessageStore.Open(StoreKit.Small("/store"), files, listeners: [listener]);
        files.HoldFlush = hold;
        var result = store.Append("topic", 0, "body");
        var wait = store.WaitDurableAsync(result.End).AsTask();
        Assert.True(files.FlushIsHeld.Wait(Waiting.Patience), "the flusher did not flush");

        Assert.Equal(result.End, store.Written);
        Assert.Equal(0, store.Durable.Value);
        Assert.Equal(0, store.Dispatched.Value);
        Assert.False(wait.IsCompleted);
        Assert.True(store.ReadRecord(result.PhysicalOffset, result.Size).IsEmpty);
        Assert.Empty(store.Bodies("topic", 0));
        Assert.Empty(listener.Bodies);

        hold.Set();
        Assert.Equal(DurabilityStatus.Durable, await wait.Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(["body"], store.Bodies("topic", 0));
        Assert.Equal(result.End.Value, store.Durable.Value);
    }

    [Fact]
    public async Task Messages_that_arrive_during_a_flush_share_the_next_one()
    {
        using var hold = new ManualResetEventSlim(false);
        var files = new FaultyFileSystem(1);
        await using var store = MessageStore.Open(StoreKit.Small("/store"), files);
        files.HoldFlush = hold;
        var waits = new List<Task<DurabilityStatus>> { store.WaitDurableAsync(store.Append("topic", 0, "first").End).AsTask() };
        Assert.True(files.FlushIsHeld.Wait(Waiting.Patience), "the flusher did not flush");
        for (var i = 0; i < 100; i++)
            waits.Add(store.WaitDurableAsync(store.Append("topic", 0, $"{i}").End).AsTask());
        var before = files.Flushes;
        hold.Set();
        Assert.All(await Task.WhenAll(waits).Within("durable"), status => Assert.Equal(DurabilityStatus.Durable, status));
        Assert.Equal(before + 2, files.Flushes);
    }

    [Fact]
    public async Task After_a_failed_flush_the_store_is_read_only_and_everyone_who_waits_is_told()
    {
        var files = new FaultyFileSystem(1);
        await using var store = MessageStore.Open(StoreKit.Small("/store"), files);
        var kept = store.Append("topic", 0, "kept");
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(kept.End).Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");

        files.FailFlush = true;
        var lost = store.Append("topic", 0, "lost");
        Assert.Equal(DurabilityStatus.Failed, await store.WaitDurableAsync(lost.End).Within("failed"));
        files.FailFlush = false;

        Assert.Equal(StoreCondition.ReadOnly, store.State.Condition);
        Assert.Contains("injected", store.State.Reason, StringComparison.Ordinal);
        Assert.Equal(AppendStatus.ReadOnly, store.Append("topic", 0, "more").Status);
        Assert.Equal(DurabilityStatus.Failed, await store.WaitDurableAsync(lost.End).Within("failed again"));
        Assert.Equal(["kept"], store.Bodies("topic", 0));
        await store.DisposeAsync();
        Assert.True(files.FileExists("/store/abort"));
    }

    [Fact]
    public async Task A_full_disk_refuses_appends_serves_reads_and_goes_on_when_there_is_room()
    {
        var clock = new ManualClock();
        var files = new FaultyFileSystem(1) { Capacity = 220 << 10 };
        await using var store = MessageStore.Open(StoreKit.Small("/store"), files, clock);
        var body = new string('x', 2000);
        AppendResult last = default, result;
        while ((result = store.Append("topic", 0, body)).Status == AppendStatus.Appended)
            last = result;

        Assert.Equal(AppendStatus.DiskFull, result.Status);
        Assert.Equal(StoreCondition.DiskFull, store.State.Condition);
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(last.End).Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(last.QueueOffset + 1, store.Bodies("topic", 0).Count);

        files.Capacity = long.MaxValue;
        Assert.Equal(AppendStatus.DiskFull, store.Append("topic", 0, body).Status);
        clock.Advance(store.Options.DiskFullRetryInterval);
        var next = store.Append("topic", 0, body);
        Assert.Equal(AppendStatus.Appended, next.Status);
        Assert.Equal(last.QueueOffset + 1, next.QueueOffset);
        Assert.Equal(StoreCondition.Running, store.State.Condition);
    }

    [Fact]
    public async Task Async_flush_acknowledges_at_once_and_shows_what_is_written()
    {
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.FlushMode = FlushMode.Async;
        await using var store = MessageStore.Open(options, files, new ManualClock());
        var result = store.Append("topic", 0, "body");
        var wait = store.WaitDurableAsync(result.End);
        Assert.True(wait.IsCompleted);
        Assert.Equal(DurabilityStatus.Durable, await wait);
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(0, store.Durable.Value);
        Assert.Equal(["body"], store.Bodies("topic", 0));
    }

    [Fact]
    public async Task Async_flush_does_not_wait_for_its_interval_when_much_is_unflushed()
    {
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.FlushMode = FlushMode.Async;
        options.MaxUnflushedBytes = 64 << 10;
        await using var store = MessageStore.Open(options, files, new ManualClock());
        for (var i = 0; i < 10; i++)
            store.Append("topic", 0, new string('x', 4000));
        await Eventually.True(() => store.Durable.Value > 0);
    }

    [Fact]
    public async Task A_queue_file_without_room_holds_up_dispatch_until_there_is_some()
    {
        var clock = new ManualClock();
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.MaxUnwrittenQueueBytes = 0;
        await using var store = MessageStore.Open(options, files, clock);
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(store.Append("topic", 0, "1").End).Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");
        files.Capacity = 0;
        store.Append("other", 0, "2");
        await Eventually.True(() => store.State.Condition == StoreCondition.DiskFull);
        Assert.Equal(AppendStatus.DiskFull, store.Append("topic", 0, "3").Status);
        Assert.Equal(["1"], store.Bodies("topic", 0));
        files.Capacity = long.MaxValue;
        await Eventually.True(() => clock.ArmedTimers > 1);
        clock.Advance(store.Options.DiskFullRetryInterval);
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(StoreCondition.Running, store.State.Condition);
        Assert.Equal(["2"], store.Bodies("other", 0));
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "3").Status);
    }

    [Fact]
    public async Task Too_much_that_waits_for_the_disk_makes_the_store_busy()
    {
        using var hold = new ManualResetEventSlim(false);
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.MaxUnflushedBytes = 64 << 10;
        await using var store = MessageStore.Open(options, files);
        files.HoldFlush = hold;
        AppendResult result;
        do
            result = store.Append("topic", 0, new string('x', 4000));
        while (result.Status == AppendStatus.Appended);
        Assert.Equal(AppendStatus.Busy, result.Status);
        hold.Set();
        await store.WaitDurableAsync(store.Written).Within("durable");
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "x").Status);
    }

    [Fact]
    public async Task Concurrent_senders_all_get_their_messages_in_and_queue_offsets_have_no_gap()
    {
        using var temp = new TempDirectory("store");
        var options = StoreKit.Small(temp["store"]);
        await using var store = MessageStore.Open(options);
        var senders = Enumerable.Range(0, 8).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var result = store.Append("topic", sender % 2, $"{sender}-{i}");
                Assert.Equal(AppendStatus.Appended, result.Status);
                Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(result.End));
            }
        }));
        await Task.WhenAll(senders).Within("all senders", TimeSpan.FromSeconds(60));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(800, store.Bodies("topic", 0).Count);
        Assert.Equal(800, store.Bodies("topic", 1).Distinct().Count());
    }

    [Fact]
    public async Task Append_and_wait_allocate_nothing_per_message()
    {
        using var temp = new TempDirectory("store");
        var options = StoreKit.Small(temp["store"]);
        options.SegmentSize = 32 << 20;
        await using var store = MessageStore.Open(options);
        var body = Encoding.UTF8.GetBytes(new string('b', 500));
        var batch = new byte[2 * (BatchBody.Overhead + 100)];
        BatchBody.Write(batch, 0, body.AsSpan(0, 100), default);
        BatchBody.Write(batch.AsSpan(BatchBody.Overhead + 100), 0, body.AsSpan(0, 100), default);
        var isDurable = () => store.Durable.Value == store.Written.Value;
        Run(store, body, batch, 1000, isDurable);
        Assert.Equal(0, Allocations.Least(() => Run(store, body, batch, 5000, isDurable)));
    }

    /// <summary>Not far ahead of the flusher: what waits for it takes memory.</summary>
    private static void Run(MessageStore store, byte[] body, byte[] batch, int count, Func<bool> isDurable)
    {
        for (var i = 0; i < count; i++)
        {
            var result = store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 1, Body = body, Properties = "TAGS\u0001a\u0002"u8 });
            if (i % 10 == 0)
                result = store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 2, Body = batch, Properties = "TAGS\u0001a\u0002"u8 });
            if (result.Status != AppendStatus.Appended)
                throw new InvalidOperationException(result.Status.ToString());
            if (i % 100 == 99 && !SpinWait.SpinUntil(isDurable, Waiting.Patience))
                throw new TimeoutException("What was appended is not durable.");
        }
    }

    private sealed class Recorder : IDispatchListener
    {
        public List<string> Bodies { get; } = [];

        public void OnDispatched(in DispatchedMessage message) => Bodies.Add(Encoding.UTF8.GetString(message.Record.Body));

        public void OnBatchEnd(long offset)
        {
        }
    }
}
