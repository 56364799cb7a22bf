using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults.KnownLosses;

/// <summary>Messages that Apache RocketMQ lost in the field, by the number of the issue, replayed on this store.</summary>
public sealed class RocketMqLosses
{
    /// <summary>
    /// One broker, synchronous flush. Consume queues were built up to the end of what was written, not of what was
    /// flushed: a consumer read messages that were not on the disk and moved its offset on. The power went, the queue
    /// came back shorter, new messages took the same queue offsets, and the consumer, which was ahead, never saw them.
    /// Here nothing is readable before it is on the disk, so a consumer is never ahead of what a power cut leaves.
    /// </summary>
    [Fact]
    public async Task RocketMQ_8239_a_consumer_is_never_ahead_of_what_a_power_cut_leaves()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            using var hold = new ManualResetEventSlim(false);
            var files = new FaultyFileSystem(seed);
            var store = Open(files);
            for (var i = 0; i < 5; i++)
                store.Append("topic", 0, $"flushed {i}");
            await store.WaitDispatchedAsync().Within("dispatched");
            files.HoldFlush = hold;
            for (var i = 0; i < 5; i++)
                store.Append("topic", 0, $"not flushed {i}");
            Assert.True(files.FlushIsHeld.Wait(Waiting.Patience), "no flush began");
            var consumed = store.Bodies("topic", 0).Count;
            Assert.Equal(5, consumed);
            files.Crash(powerLoss: true, seed);
            hold.Set();
            files.HoldFlush = null;
            await store.DisposeAsync();

            await using var again = Open(files);
            var next = again.Append("topic", 0, "after the crash");
            Assert.InRange(next.QueueOffset, consumed, 10);
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.Contains("after the crash", again.Bodies("topic", 0).Skip(consumed));
        }
    }

    /// <summary>
    /// The same cause, asked for years before: the thread that builds consume queues ran beside flush and replication,
    /// so that a message could be consumed that no disk and no replica had. Here the listener that stands for all
    /// consumers is told of nothing beyond the confirmed offset, whenever the flushes happen to end.
    /// </summary>
    [Theory]
    [InlineData(FlushMode.Fsync)]
    [InlineData(FlushMode.Async)]
    public async Task RocketMQ_2830_nothing_is_dispatched_beyond_the_confirmed_offset(FlushMode mode)
    {
        var files = new FaultyFileSystem(1);
        var watch = new ConfirmedWatch();
        using var hold = new ManualResetEventSlim(true);
        await using var store = Open(files, mode, watch);
        watch.Store = store;
        files.HoldFlush = hold;
        for (var i = 0; i < 300; i++)
        {
            if (i % 5 == 0)
                hold.Reset();
            store.Append("topic", i % 3, $"{i}");
            Assert.True(store.Dispatched.Value <= Confirmed(store, mode), "dispatched is ahead of confirmed");
            if (i % 5 == 4)
                hold.Set();
        }

        hold.Set();
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(300, watch.Told);
        Assert.Equal(0, watch.Early);
    }

    /// <summary>
    /// Controller mode. A restarted master took the ends of its consume queues from what was confirmed; messages behind
    /// that were in the log already, and new ones were given the same queue offsets: two messages, one place, one of them
    /// never consumed. There is no replication here yet; the nearest property is that queue offsets after a crash follow
    /// the last record of the log, dispatched before the crash or not.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RocketMQ_7689_no_two_messages_share_a_queue_offset_after_a_crash(bool powerLoss)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            using var hold = new ManualResetEventSlim(false);
            var files = new FaultyFileSystem(seed);
            var store = Open(files);
            for (var i = 0; i < 10; i++)
                store.Append("topic", 0, $"confirmed {i}");
            await store.WaitDispatchedAsync().Within("dispatched");
            files.HoldFlush = hold;
            for (var i = 0; i < 5; i++)
                store.Append("topic", 0, $"not confirmed {i}");
            files.Crash(powerLoss, seed);
            hold.Set();
            files.HoldFlush = null;
            await store.DisposeAsync();

            await using var again = Open(files);
            var found = again.Bodies("topic", 0);
            Assert.InRange(found.Count, 10, 15);
            Assert.Equal(found.Count, again.Append("topic", 0, "new").QueueOffset);
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.Equal([.. found, "new"], again.Bodies("topic", 0));
        }
    }

    /// <summary>
    /// Two senders, whose messages went to different queues of a topic and named the same light queue (LMQ): each held the
    /// lock of its own queue, so both were given one place in the light queue, and only one of the two messages was ever
    /// consumed from it. Here the dispatcher alone gives places in light queues, in the order of the log.
    /// </summary>
    [Fact]
    public async Task RocketMQ_7511_senders_to_different_queues_never_share_a_place_in_a_light_queue()
    {
        const int Senders = 8;
        const int Each = 200;
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.MultiDispatch = true;
        await using var store = MessageStore.Open(options, new FaultyProcess(files));
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
                SendToLight(store, sender, (sender * Each) + i);
        }))).Within("all senders");
        await store.WaitDispatchedAsync().Within("dispatched");
        var light = store.LightQueues.Find("%LMQ%light");
        Assert.True(store.LightQueues.TryGetRange(light, out var min, out var max));
        Assert.Equal((0, Senders * Each), (min, max));
        Assert.Equal(Enumerable.Range(0, Senders * Each), LightQueueTests.Bodies(store, light).Order());
    }

    /// <summary>The same of an ordinary queue: one lock gives queue offset and position at once, to single messages and to batches.</summary>
    [Fact]
    public async Task RocketMQ_7511_concurrent_senders_never_share_a_queue_offset()
    {
        var files = new FaultyFileSystem(1);
        await using var store = Open(files);
        var batch = new byte[3 * (BatchBody.Overhead + 5)];
        for (var i = 0; i < 3; i++)
            BatchBody.Write(batch.AsSpan(i * (BatchBody.Overhead + 5)), 0, "batch"u8, default);
        var senders = Enumerable.Range(0, 8).Select(sender => Task.Run(() =>
        {
            var offsets = new List<long>();
            for (var i = 0; i < 200; i++)
            {
                var result = sender % 2 == 0
                    ? store.Append("topic", 0, $"{sender}-{i}")
                    : store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = batch });
                Assert.Equal(AppendStatus.Appended, result.Status);
                offsets.AddRange(Enumerable.Range(0, result.Count).Select(place => result.QueueOffset + place));
            }

            return offsets;
        }));
        var given = (await Task.WhenAll(senders).Within("all senders")).SelectMany(offsets => offsets).Order().ToList();
        Assert.Equal(Enumerable.Range(0, 4 * 200 * 4).Select(offset => (long)offset), given);
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(given.Count, store.Bodies("topic", 0).Count);
    }

    /// <summary>
    /// After the machine of a DLedger broker went down, recovery began at a wrong place of the log, and queues whose last
    /// file was lost came back without their tail ("logic queue order maybe wrong"). Here the log is read from where a
    /// queue file is missing, the first one, the last one or one in the middle.
    /// </summary>
    [Theory]
    [InlineData("00000000000000000000", false)]
    [InlineData("00000000000000000000", true)]
    [InlineData("00000000000000001280", false)]
    [InlineData("00000000000000003840", false)]
    [InlineData("00000000000000001280", true)]
    [InlineData("00000000000000003840", true)]
    public async Task RocketMQ_7355_a_queue_that_lost_a_file_in_a_crash_has_all_its_entries(string lost, bool isClean)
    {
        var files = new FaultyFileSystem(1);
        var store = Open(files);
        for (var i = 0; i < 250; i++)
            store.Append("topic", i % 5 == 0 ? 1 : 0, $"{i}:{new string('x', 500)}");
        await store.WaitDispatchedAsync().Within("dispatched");
        var expected = store.Bodies("topic", 0);
        Assert.True(store.WriteCheckpoint());
        if (isClean)
            await store.DisposeAsync();
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        files.DeleteFile($"/store/consumequeue/topic/0/{lost}");

        await using var again = Open(files);
        Assert.Equal(expected, again.Bodies("topic", 0));
        Assert.Equal(50, again.Bodies("topic", 1).Count);
        Assert.Equal(200, again.Append("topic", 0, "next").QueueOffset);
    }

    /// <summary>
    /// Asynchronous flush: after a crash that lost the end of the log the confirmed offset stayed where it had been,
    /// beyond the last valid message. Here everything after a recovery counts from the end of the last valid record: what
    /// is written, durable and dispatched are one place, and what comes next is dispatched from there.
    /// </summary>
    [Fact]
    public async Task RocketMQ_6703_after_an_asynchronous_loss_the_confirmed_offset_is_the_end_of_the_last_message()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = Open(files, FlushMode.Async);
            for (var i = 0; i < 40; i++)
            {
                store.Append("topic", 0, $"{i}:{new string('x', 700)}");
                if (i == seed % 40)
                    store.WriteCheckpoint();
            }

            await store.WaitDispatchedAsync().Within("dispatched");
            files.Crash(powerLoss: true, seed);
            await store.DisposeAsync();

            await using var again = Open(files, FlushMode.Async);
            var kept = again.Bodies("topic", 0);
            Assert.Equal(again.Written.Value, again.Durable.Value);
            Assert.Equal(again.Written.Value, again.Dispatched.Value);
            var next = again.Append("topic", 0, "next");
            Assert.Equal(kept.Count, next.QueueOffset);
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.Equal([.. kept, "next"], again.Bodies("topic", 0));
        }
    }

    /// <summary>
    /// A broker that changed its role cut its log, but went on building queues from beyond the cut, and kept queue ends of
    /// messages that were gone: new messages were given offsets behind a gap, or were not dispatched at all. Roles do not
    /// exist here yet; the nearest property is a log that ends before its queues and its checkpoint do.
    /// </summary>
    [Fact]
    public async Task RocketMQ_4460_a_log_that_was_cut_takes_its_queues_back_with_it()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            for (var i = 0; i < 200; i++)
                store.Append("topic", i % 2, $"{i}:{new string('x', 1500)}");
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        foreach (var last in files.Paths.Where(path => path.Contains("/commitlog/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Skip(2).ToList())
            files.DeleteFile(last);
        await using var again = Open(files);
        Assert.Equal(128 << 10, again.Written.Value);
        for (var queue = 0; queue < 2; queue++)
        {
            var kept = again.Bodies("topic", queue);
            Assert.InRange(kept.Count, 20, 60);
            Assert.Equal(kept.Count, again.Append("topic", queue, "next").QueueOffset);
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.Equal([.. kept, "next"], again.Bodies("topic", queue));
        }
    }

    private static void SendToLight(MessageStore store, int queueId, int body)
    {
        Span<byte> properties = stackalloc byte[64];
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("INNER_MULTI_DISPATCH", "%LMQ%light");
        var result = store.Append(new MessageToStore
        {
            Topic = "topic"u8,
            QueueId = queueId,
            Body = Encoding.UTF8.GetBytes(body.ToString(CultureInfo.InvariantCulture)),
            Properties = writer.Written,
            BornHost = HostAddress.Loopback(1),
        });
        Assert.Equal(AppendStatus.Appended, result.Status);
    }

    private static long Confirmed(MessageStore store, FlushMode mode) => mode == FlushMode.Fsync ? store.Durable.Value : store.Written.Value;

    private static MessageStore Open(FaultyFileSystem files, FlushMode mode = FlushMode.Fsync, IDispatchListener? listener = null)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.FlushMode = mode;
        return MessageStore.Open(options, new FaultyProcess(files), listeners: listener is null ? null : [listener]);
    }

    private sealed class ConfirmedWatch : IDispatchListener
    {
        private volatile MessageStore? _store;

        public MessageStore? Store { set => _store = value; }

        public int Told { get; private set; }

        public int Early { get; private set; }

        public void OnDispatched(in DispatchedMessage message)
        {
            Told++;
            var store = _store!;
            if (message.Record.PhysicalOffset + message.Record.Size > Confirmed(store, store.Options.FlushMode))
                Early++;
        }

        public void OnBatchEnd(long offset)
        {
        }
    }
}
