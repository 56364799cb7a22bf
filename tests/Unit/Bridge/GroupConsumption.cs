using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

[SuppressMessage("Design", "CA1001", Justification = "The runner calls DisposeAsync.")]
public sealed class GroupConsumption : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly List<ScriptedSource> _sources = [];
    private readonly GroupOptions _options = new() { MaxInFlightPerQueue = 4, ReadBatch = 2 };
    private GroupConsumers _groups = null!;

    private ScriptedSource Source => _sources[^1];

    public Task InitializeAsync()
    {
        _groups = new GroupConsumers(_ => NewSource(), _options, _clock, NullLogger.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _groups.DisposeAsync();

    [Fact]
    public async Task Messages_of_all_assigned_queues_arrive_and_progress_is_saved_after_the_interval()
    {
        await using IMessageStream stream = await OpenAsync(0, 1);
        Source.Append(ScriptedSource.Queue(0), "a", "b");
        Source.Append(ScriptedSource.Queue(1), "c");
        List<(string Text, DeliveryId Id)> received = await ReceiveAsync(stream, 3);
        Assert.Equal(["a", "b", "c"], received.Select(message => message.Text).Order());
        foreach ((string text, DeliveryId id) in received.Where(message => message.Text != "a"))
        {
            await stream.SettleAsync(id, Settlement.Accept);
        }

        _clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.True(() => Source.Commits.GetValueOrDefault(ScriptedSource.Queue(1)) == 1, "progress of queue 1 was saved");
        Assert.False(Source.Commits.ContainsKey(ScriptedSource.Queue(0)));
    }

    [Fact]
    public async Task The_first_message_after_a_gap_tells_how_many_are_missing_and_no_other_does()
    {
        await using IMessageStream stream = await OpenAsync(0);
        Source.Append(ScriptedSource.Queue(0), "0", "1");
        using var batch = new MessageBatch();
        Assert.Equal(["0", "1"], (await ReceiveAsync(stream, 2)).Select(message => message.Text));
        Source.Min = 5;
        Source.Append(ScriptedSource.Queue(0), "2", "3", "4", "5", "6");
        List<long> missing = [];
        while (missing.Count < 2)
        {
            int count = await stream.ReceiveAsync(batch, 1, TimeSpan.FromSeconds(10));
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(5 + missing.Count, batch[i].QueueOffset);
                missing.Add(batch[i].Missing);
            }
        }

        Assert.Equal([3, 0], missing);
    }

    [Fact]
    public async Task A_queue_is_read_no_further_than_its_window()
    {
        await using IMessageStream stream = await OpenAsync(0);
        Source.Append(ScriptedSource.Queue(0), "0", "1", "2", "3", "4", "5");
        List<(string Text, DeliveryId Id)> received = await ReceiveAsync(stream, 4);
        using var batch = new MessageBatch();
        Assert.Equal(0, await stream.ReceiveAsync(batch, 10, TimeSpan.Zero));
        await stream.SettleAsync(received[3].Id, Settlement.Accept);
        Assert.Equal(0, await stream.ReceiveAsync(batch, 10, TimeSpan.Zero));
        await stream.SettleAsync(received[0].Id, Settlement.Accept);
        Assert.Equal("4", (await ReceiveAsync(stream, 1))[0].Text);
    }

    [Fact]
    public async Task A_lost_queue_takes_its_deliveries_with_it_and_its_progress_is_saved()
    {
        await using IMessageStream stream = await OpenAsync(0, 1);
        Source.Append(ScriptedSource.Queue(0), "a", "b");
        List<(string Text, DeliveryId Id)> received = await ReceiveAsync(stream, 2);
        await stream.SettleAsync(received[0].Id, Settlement.Accept);

        Source.Assign(ScriptedSource.Queue(1));
        await Eventually.True(() => Source.Commits.GetValueOrDefault(ScriptedSource.Queue(0)) == 1, "progress of the lost queue was saved");
        BridgeException late = await Assert.ThrowsAsync<BridgeException>(() => stream.SettleAsync(received[1].Id, Settlement.Accept).AsTask());
        Assert.Equal(BridgeError.DeliveryUnknown, late.Error);

        Source.Append(ScriptedSource.Queue(1), "c");
        Assert.Equal("c", (await ReceiveAsync(stream, 1))[0].Text);

        Source.Assign(ScriptedSource.Queue(0), ScriptedSource.Queue(1));
        Assert.Equal("b", (await ReceiveAsync(stream, 1))[0].Text);
    }

    [Fact]
    public async Task A_send_back_that_fails_is_tried_again_and_nothing_counts_as_settled_before()
    {
        await using IMessageStream stream = await OpenAsync(0);
        Source.Append(ScriptedSource.Queue(0), "a");
        Source.SendBackFailures.Enqueue(new BridgeException(BridgeError.Unreachable, "broker is away"));
        await ReceiveAsync(stream, 1);
        _clock.Advance(TimeSpan.FromSeconds(30.5));
        Assert.Empty(Source.SentBack);
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return Source.SentBack.Count == 1;
            },
            "the message was sent back by another try");
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return Source.Commits.GetValueOrDefault(ScriptedSource.Queue(0)) == 1;
            },
            "progress passed the message that was sent back");
    }

    [Fact]
    public async Task A_release_that_fails_is_told_and_may_be_tried_again()
    {
        await using IMessageStream stream = await OpenAsync(0);
        Source.Append(ScriptedSource.Queue(0), "a");
        Source.SendBackFailures.Enqueue(new BridgeException(BridgeError.Busy, "full"));
        DeliveryId id = (await ReceiveAsync(stream, 1))[0].Id;
        await Assert.ThrowsAsync<BridgeException>(() => stream.SettleAsync(id, Settlement.Release()).AsTask());
        await stream.SettleAsync(id, Settlement.Release());
        Assert.Single(Source.SentBack);
    }

    [Fact]
    public async Task A_group_that_no_stream_reads_is_left_after_the_idle_time_and_joined_again_when_needed()
    {
        IMessageStream stream = await OpenAsync(0);
        ScriptedSource first = Source;
        await stream.DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.False(first.IsDisposed);
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(31));
                return _groups.Count == 0;
            },
            "the idle group was left");
        Assert.True(first.IsDisposed);
        await using IMessageStream again = await OpenAsync(0);
        Assert.NotSame(first, Source);
    }

    [Fact]
    public async Task A_topic_that_no_stream_reads_is_dropped_while_the_group_stays()
    {
        await using IMessageStream stays = await OpenAsync(0);
        IMessageStream goes = await _groups.OpenAsync(Request("other"), default);
        await goes.DisposeAsync();
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(61));
                return Source.Subscriptions[^1].Count == 1;
            },
            "the idle topic was unsubscribed");
        Assert.Equal("t", Source.Subscriptions[^1].Single().Topic);
    }

    [Fact]
    public async Task Waiting_streams_share_what_arrives()
    {
        await using IMessageStream first = await OpenAsync(0);
        await using IMessageStream second = await _groups.OpenAsync(Request("t"), default);
        using var firstBatch = new MessageBatch();
        using var secondBatch = new MessageBatch();
        Task<int> one = first.ReceiveAsync(firstBatch, 10, Timeout.InfiniteTimeSpan).AsTask();
        Task<int> two = second.ReceiveAsync(secondBatch, 10, Timeout.InfiniteTimeSpan).AsTask();
        Source.Append(ScriptedSource.Queue(0), "a", "b");
        Assert.Equal(1, await one.Within("first stream received"));
        Assert.Equal(1, await two.Within("second stream received"));
    }

    [Fact]
    public async Task The_stream_that_has_waited_longest_gets_what_arrives()
    {
        await using IMessageStream first = await OpenAsync(0);
        await using IMessageStream second = await _groups.OpenAsync(Request("t"), default);
        await using IMessageStream third = await _groups.OpenAsync(Request("t"), default);
        IMessageStream[] streams = [first, second, third];
        MessageBatch[] batches = [new MessageBatch(), new MessageBatch(), new MessageBatch()];
        Task<int>[] receives = [.. streams.Select((stream, i) => stream.ReceiveAsync(batches[i], 10, Timeout.InfiniteTimeSpan).AsTask())];
        for (int i = 0; i < 12; i++)
        {
            int turn = i % 3;
            Source.Append(ScriptedSource.Queue(0), $"{i}");
            Assert.Equal(1, await receives[turn].Within($"message {i} came to stream {turn}"));
            Assert.Equal($"{i}", Encoding.UTF8.GetString(batches[turn][0].Body.Span));
            await streams[turn].SettleAsync(batches[turn][0].Delivery, Settlement.Accept);
            receives[turn] = streams[turn].ReceiveAsync(batches[turn], 10, Timeout.InfiniteTimeSpan).AsTask();
        }

        Source.Append(ScriptedSource.Queue(0), "x", "y", "z");
        int[] counts = await Task.WhenAll(receives).Within("every stream got one of three");
        Assert.Equal([1, 1, 1], counts);
        Array.ForEach(batches, batch => batch.Dispose());
    }

    [Fact]
    public async Task What_a_stream_does_not_take_goes_to_the_next_in_line()
    {
        await using IMessageStream other = await _groups.OpenAsync(Request("u"), default);
        await using IMessageStream leaving = await _groups.OpenAsync(Request("t"), default);
        await using IMessageStream last = await _groups.OpenAsync(Request("t"), default);
        Source.Assign(ScriptedSource.Queue(0), new GroupQueue("u", "b", 0));
        using var otherBatch = new MessageBatch();
        using var leavingBatch = new MessageBatch();
        using var lastBatch = new MessageBatch();
        using var leave = new CancellationTokenSource();
        Task<int> toOther = other.ReceiveAsync(otherBatch, 10, Timeout.InfiniteTimeSpan).AsTask();
        Task<int> toLeaving = leaving.ReceiveAsync(leavingBatch, 10, Timeout.InfiniteTimeSpan, leave.Token).AsTask();
        Task<int> toLast = last.ReceiveAsync(lastBatch, 10, Timeout.InfiniteTimeSpan).AsTask();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => toLeaving);
        Source.Append(ScriptedSource.Queue(0), "a");
        Assert.Equal(1, await toLast.Within("the message passed the streams that do not want it"));
        Source.Append(new GroupQueue("u", "b", 0), "b");
        Assert.Equal(1, await toOther.Within("the first stream got what it selects"));
    }

    [Fact]
    public async Task Receiving_and_accepting_allocates_little_per_message()
    {
        _options.MaxInFlightPerQueue = 2000;
        _options.ReadBatch = 1000;
        await using IMessageStream stream = await OpenAsync(0);
        Source.Append(ScriptedSource.Queue(0), [.. Enumerable.Range(0, 2000).Select(i => $"{i}")]);
        using var batch = new MessageBatch();
        int received = 0;
        long allocated = 0;
        while (received < 2000)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ValueTask<int> receive = stream.ReceiveAsync(batch, 10, Timeout.InfiniteTimeSpan);
            bool synchronous = receive.IsCompleted;
            received += await receive;
            for (int i = 0; i < batch.Count; i++)
            {
                await stream.SettleAsync(batch[i].Delivery, Settlement.Accept);
            }

            allocated += synchronous && received > 1000 ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
        }

        // A debug build makes an object of every asynchronous call: one for ten messages.
        Assert.InRange(allocated, 0, 1000 * 16);
    }

    private async Task<IMessageStream> OpenAsync(params int[] queues)
    {
        ScriptedSource? before = _sources.LastOrDefault();
        Task<IMessageStream> open = _groups.OpenAsync(Request("t"), default).AsTask();
        IMessageStream stream = await open.Within("stream is open");
        if (before != Source)
        {
            Source.Assign([.. queues.Select(ScriptedSource.Queue)]);
        }

        return stream;
    }

    private static SubscribeRequest Request(string topic)
        => new() { Kind = StreamKind.Group, Group = "g", Topics = TopicSelection.Of(topic) };

    private static async Task<List<(string Text, DeliveryId Id)>> ReceiveAsync(IMessageStream stream, int count)
    {
        using var batch = new MessageBatch();
        List<(string, DeliveryId)> received = [];
        while (received.Count < count)
        {
            await stream.ReceiveAsync(batch, count - received.Count, Timeout.InfiniteTimeSpan).Within($"message {received.Count + 1} of {count} arrived");
            for (int i = 0; i < batch.Count; i++)
            {
                received.Add((Encoding.UTF8.GetString(batch[i].Body.Span), batch[i].Delivery));
            }
        }

        return received;
    }

    private ScriptedSource NewSource()
    {
        var source = new ScriptedSource();
        _sources.Add(source);
        return source;
    }
}
