using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store;

/// <summary>Append, read back, limits.</summary>
public sealed class StoreBehaviourTests
{
    [Fact]
    public async Task An_empty_directory_opens_and_what_is_appended_is_there_after_a_clean_stop()
    {
        using var temp = new TempDirectory("store");
        await using (var store = MessageStore.Open(StoreKit.Small(temp["store"])))
        {
            Assert.True(File.Exists(temp["store/abort"]));
            for (var i = 0; i < 1000; i++)
                Assert.Equal(AppendStatus.Appended, store.Append("topic", i % 3, $"{i}:{new string('x', i % 500)}", "tag").Status);
        }

        Assert.False(File.Exists(temp["store/abort"]));
        Assert.Equal(4096, new FileInfo(temp["store/checkpoint"]).Length);
        Assert.All(Directory.GetFiles(temp["store/commitlog"]), file => Assert.Equal(64 << 10, new FileInfo(file).Length));
        Assert.All(Directory.GetFiles(temp["store/consumequeue"], "*", SearchOption.AllDirectories), file => Assert.Equal(64 * 20, new FileInfo(file).Length));
        await using var again = MessageStore.Open(StoreKit.Small(temp["store"]));
        Assert.Empty(again.Repairs);
        Assert.Equal(334, again.Bodies("topic", 0).Count);
        Assert.Equal(333, again.Bodies("topic", 2).Count);
    }

    [Fact]
    public async Task A_segment_without_room_is_closed_with_a_filler_to_its_last_byte()
    {
        using var temp = new TempDirectory("store");
        await using (var store = MessageStore.Open(StoreKit.Small(temp["store"])))
        {
            for (var i = 0; i < 3; i++)
                store.Append("topic", 0, new string('x', 30_000));
        }

        var segment = await File.ReadAllBytesAsync(temp["store/commitlog/00000000000000000000"]);
        Assert.Equal(RecordError.None, MessageRecord.TryRead(segment, out var first));
        var at = first.Size * 2;
        Assert.Equal(RecordError.Blank, MessageRecord.TryRead(segment.AsSpan(at), out _));
        Assert.Equal(segment.Length - at, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(at)));
    }

    [Fact]
    public async Task A_long_topic_makes_a_record_of_the_second_version()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        var topic = new string('t', 128);
        var result = store.Append(topic, 0, "body");
        await store.WaitDispatchedAsync().Within("dispatched");
        using var lease = store.ReadRecord(result.PhysicalOffset);
        Assert.True(lease.TryRead(out var record));
        Assert.True(record.IsV2);
        Assert.Equal(topic, record.TopicString);
        Assert.Equal(["body"], store.Bodies(topic, 0));
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_with_its_own_status_and_takes_no_queue_offset()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        Assert.Equal(AppendStatus.MessageTooLarge, store.Append("topic", 0, new string('x', (32 << 10) + 1)).Status);
        Assert.Equal(AppendStatus.PropertiesTooLarge, store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = default, Properties = new byte[32768] }).Status);
        Assert.Equal(AppendStatus.Malformed, store.Append("", 0, "x").Status);
        Assert.Equal(AppendStatus.Malformed, store.Append("topic", -1, "x").Status);
        Assert.Equal(AppendStatus.Malformed, store.Append("topic", 1024, "x").Status);
        Assert.Equal(AppendStatus.Malformed, store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = "garbage"u8 }).Status);
        Assert.Equal(AppendStatus.Malformed, store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = default }).Status);
        Assert.Equal(0, store.Append("topic", 0, "x").QueueOffset);
        await store.DisposeAsync();
        Assert.Equal(AppendStatus.ShuttingDown, store.Append("topic", 0, "x").Status);
    }

    [Fact]
    public async Task A_batch_becomes_records_one_after_the_other_with_the_properties_of_both()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        store.Append("topic", 0, "before");
        var body = new byte[1000];
        var size = BatchBody.Write(body, 5, "one"u8, "TAGS\u0001a\u0002"u8);
        size += BatchBody.Write(body.AsSpan(size), 6, "two"u8, "TAGS\u0001b"u8);
        var result = store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = body.AsSpan(0, size), Properties = "WAIT\u0001true\u0002"u8 });
        Assert.Equal((AppendStatus.Appended, 1L, 2), (result.Status, result.QueueOffset, result.Count));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(["before", "one", "two"], store.Bodies("topic", 0));
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.True(queue.TryReadEntry(2, out var entry));
        Assert.Equal(TagHash.Of("b"), entry.TagsCode);
        using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
        Assert.True(lease.TryRead(out var record));
        Assert.Equal("TAGS\u0001b\u0002WAIT\u0001true\u0002", Encoding.UTF8.GetString(record.Properties));
        Assert.Equal(6, record.Flag);
    }

    [Fact]
    public async Task Half_messages_take_no_place_in_a_queue()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = "half"u8, SysFlag = MessageSysFlag.TransactionPrepared });
        store.Append("topic", 0, "whole");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(["whole"], store.Bodies("topic", 0));
    }

    [Fact]
    public async Task A_time_finds_the_first_message_stored_at_or_after_it()
    {
        using var temp = new TempDirectory("store");
        var clock = new ManualClock();
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]), time: clock);
        var start = clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < 100; i++)
        {
            store.Append("topic", 0, $"{i}");
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }

        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.Equal(0, queue.OffsetByTime(0));
        Assert.Equal(50, queue.OffsetByTime(start + 500));
        Assert.Equal(51, queue.OffsetByTime(start + 501));
        Assert.Equal(100, queue.OffsetByTime(start + 1000));
    }

    [Fact]
    public async Task Store_times_do_not_go_back_when_the_clock_does()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]), time: new BackwardsClock());
        var first = store.Append("topic", 0, "1");
        var second = store.Append("topic", 0, "2");
        Assert.True(second.StoreTimestamp >= first.StoreTimestamp);
    }

    [Fact]
    public async Task Listeners_hear_every_record_in_order_after_its_entry_can_be_read()
    {
        using var temp = new TempDirectory("store");
        var listener = new Checking();
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]), listeners: [listener, new Throwing()]);
        for (var i = 0; i < 3000; i++)
            store.Append("topic", i % 5, $"{i}");
        await store.WaitDispatchedAsync().Within("dispatched");
        await Eventually.True(() => listener.EndOffset == store.Written.Value);
        Assert.Equal(Enumerable.Range(0, 3000), listener.Seen);
        Assert.False(listener.SawUnreadable);
    }

    [Fact]
    public async Task A_reader_follows_the_log_over_segments_and_sees_what_comes()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        using var reader = store.OpenReader(store.Dispatched.Value);
        Assert.False(reader.TryReadNext(out _));
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 50; i++)
                store.Append("topic", 0, $"{round}-{i}:{new string('x', 2000)}");
            await store.WaitDispatchedAsync().Within("dispatched");
            for (var i = 0; i < 50; i++)
            {
                Assert.True(reader.TryReadNext(out var record));
                Assert.StartsWith($"{round}-{i}:", Encoding.UTF8.GetString(record.Body), StringComparison.Ordinal);
            }

            Assert.False(reader.TryReadNext(out _));
        }
    }

    [Fact]
    public async Task A_lease_keeps_its_bytes_after_the_store_is_closed()
    {
        using var temp = new TempDirectory("store");
        var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        var result = store.Append("topic", 0, "kept");
        await store.WaitDispatchedAsync().Within("dispatched");
        using var lease = store.ReadRecord(result.PhysicalOffset, result.Size);
        await store.DisposeAsync();
        Assert.True(lease.TryRead(out var record));
        Assert.Equal("kept", Encoding.UTF8.GetString(record.Body));
        Assert.True(store.ReadRecord(result.PhysicalOffset, result.Size).IsEmpty);
    }

    [Fact]
    public async Task Reads_of_offsets_that_are_no_records_find_nothing()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        var result = store.Append("topic", 0, "body");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.ReadRecord(1).IsEmpty);
        Assert.True(store.ReadRecord(-1).IsEmpty);
        Assert.True(store.ReadRecord(long.MaxValue).IsEmpty);
        Assert.True(store.ReadRecord(result.PhysicalOffset, result.Size + 1).IsEmpty);
        Assert.True(store.ReadRecord(result.End.Value).IsEmpty);
    }

    [Fact]
    public async Task A_directory_that_another_store_holds_is_refused()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        var refusal = Assert.Throws<StoreUnusableException>(() => MessageStore.Open(StoreKit.Small(temp["store"])));
        Assert.Contains("Another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_queues_than_files_may_be_open_are_served()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        for (var i = 0; i < 600; i++)
            store.Append($"topic{i % 60}", 0, $"{i}");
        await store.WaitDispatchedAsync().Within("dispatched");
        for (var topic = 0; topic < 60; topic++)
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{(i * 60) + topic}"), store.Bodies($"topic{topic}", 0));
    }

    private sealed class BackwardsClock : TimeProvider
    {
        private long _ticks = DateTimeOffset.UnixEpoch.AddYears(60).UtcTicks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref _ticks, -TimeSpan.TicksPerSecond), TimeSpan.Zero);
    }

    private sealed class Checking : IDispatchListener
    {
        private long _end;

        public List<int> Seen { get; } = [];

        public bool SawUnreadable { get; private set; }

        public long EndOffset => Volatile.Read(ref _end);

        public void OnDispatched(in DispatchedMessage message)
        {
            SawUnreadable |= message.Queue.MaxOffset <= message.Record.QueueOffset;
            Seen.Add(int.Parse(message.Record.Body, null));
        }

        public void OnBatchEnd(long offset) => Volatile.Write(ref _end, offset);
    }

    private sealed class Throwing : IDispatchListener
    {
        public void OnDispatched(in DispatchedMessage message) => throw new InvalidOperationException("on purpose");

        public void OnBatchEnd(long offset) => throw new InvalidOperationException("on purpose");
    }
}
