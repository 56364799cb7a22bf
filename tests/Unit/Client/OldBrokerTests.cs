using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>
/// A broker that answers as RocketMQ 4.9.8's does: it resets only groups with members, by time only, and reads over a queue and an offset; and
/// it knows no pops, no times of messages and no recalls.
/// </summary>
public sealed class OldBrokerTests : IAsyncDisposable
{
    private readonly ConcurrentQueue<ResetOffsetRequestHeader> _resets = new();
    private readonly ConcurrentDictionary<int, long> _commits = new();
    private readonly ScriptedServer _broker;
    private readonly ClusterConnection _connection;
    private bool _hasMembers;
    private bool _hasTopic = true;

    public OldBrokerTests()
    {
        _broker = new ScriptedServer(
            Answers.Routes(topic => topic == "t" && _hasTopic ? Answers.Route(2, ("a", _broker!.Address)) : null),
            Answers.Heartbeats,
            Answers.Leaves,
            (RequestCode.GetBrokerClusterInfo, request => Reply(
                request, "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"" + _broker!.Address + "\"},\"brokerName\":\"a\",\"cluster\":\"c\"}},\"clusterAddrTable\":{\"c\":[\"a\"]}}")),
            (RequestCode.GetBrokerRuntimeInfo, request => Reply(request, "{\"table\":{\"brokerVersionDesc\":\"V4_9_8\"}}")),
            (RequestCode.GetConsumerConnectionList, request =>
            {
                if (_hasMembers)
                {
                    Reply(request, "{\"connectionSet\":[{\"clientId\":\"m\",\"clientAddr\":\"127.0.0.1:1\",\"language\":\"JAVA\",\"version\":401}]}");
                }
                else
                {
                    request.Reply(ResponseCode.ConsumerNotOnline, "the consumer group[g] not online");
                }
            }),
            (RequestCode.GetMaxOffset, request => request.Reply(ResponseCode.Success, new GetMaxOffsetResponseHeader { Offset = 100 })),
            (RequestCode.SearchOffsetByTimestamp, request => request.Reply(ResponseCode.Success, new SearchOffsetResponseHeader { Offset = 10 })),
            (RequestCode.PullMessage, request => request.Reply(ResponseCode.PullNotFound, new PullMessageResponseHeader { SuggestWhichBrokerId = 0, NextBeginOffset = 10, MinOffset = 0, MaxOffset = 100 })),
            (RequestCode.UpdateConsumerOffset, request =>
            {
                UpdateConsumerOffsetRequestHeader header = UpdateConsumerOffsetRequestHeader.Read(request.Fields);
                _commits[header.QueueId] = header.CommitOffset;
                request.Reply(ResponseCode.Success);
            }),
            (RequestCode.InvokeBrokerToResetOffset, request =>
            {
                _resets.Enqueue(ResetOffsetRequestHeader.Read(request.Fields));
                Reply(request, "{\"offsetTable\":{{\"brokerName\":\"a\",\"queueId\":0,\"topic\":\"t\"}:10,{\"brokerName\":\"a\",\"queueId\":1,\"topic\":\"t\"}:10}}");
            }),
            Answers.Stores())
        {
            Version = 409,
            Language = LanguageCode.Java,
        };
        _connection = new ClusterConnection(new ClientOptions { NameServers = _broker.Address });
    }

    private GroupAdmin Groups => new AdminClient(_connection).Groups;

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task One_queue_is_written_when_the_group_has_no_members()
    {
        IReadOnlyDictionary<MessageQueue, long> set = await Groups.ResetAsync("g", new MessageQueue("t", "a", 1), 7).Within("one queue reset");

        Assert.Equal(7, set[new MessageQueue("t", "a", 1)]);
        Assert.Equal([new KeyValuePair<int, long>(1, 7)], _commits);
        Assert.Empty(_resets);
    }

    [Fact]
    public async Task One_queue_of_a_group_with_members_is_refused_instead_of_sending_all_queues_to_their_ends()
    {
        _hasMembers = true;

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => Groups.ResetAsync("g", new MessageQueue("t", "a", 1), 7).AsTask());

        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        Assert.False(refused.MayHaveHappened);
        Assert.Contains("by time", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_resets);
        Assert.Empty(_commits);
    }

    [Fact]
    public async Task A_topic_is_written_queue_by_queue_when_the_group_has_no_members()
    {
        IReadOnlyDictionary<MessageQueue, long> byTime = await Groups.ResetAsync("g", "t", DateTimeOffset.UnixEpoch).Within("reset by time");
        Assert.Equal([10, 10], byTime.Values);
        Assert.Equal([10, 10], _commits.Values);

        IReadOnlyDictionary<MessageQueue, long> end = await Groups.ResetToEndAsync("g", "t").Within("reset to the end");
        Assert.Equal([100, 100], end.Values);
        Assert.Equal([100, 100], _commits.Values);
        Assert.Empty(_resets);
    }

    [Fact]
    public async Task Members_are_reset_by_the_broker_by_time_or_to_the_end()
    {
        _hasMembers = true;

        IReadOnlyDictionary<MessageQueue, long> offsets = await Groups.ResetAsync("g", "t", DateTimeOffset.FromUnixTimeMilliseconds(5000)).Within("reset by time");
        await Groups.ResetToEndAsync("g", "t").Within("reset to the end");
        // The end is -1 on the wire: a time before 1970 must not become it.
        await Groups.ResetAsync("g", "t", DateTimeOffset.MinValue).Within("reset to the beginning");

        Assert.Equal([10, 10], offsets.Values);
        Assert.Equal([5000, -1, 0], _resets.Select(reset => reset.Timestamp));
        Assert.All(_resets, reset => Assert.True(reset.IsForce));
        Assert.Empty(_commits);
    }

    [Fact]
    public async Task A_pop_says_what_it_needs()
    {
        await using var pops = new SimpleConsumer(_connection, new SimpleConsumerOptions { Group = "g" });
        pops.Subscribe("t");
        await pops.StartAsync();

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => pops.ReceiveAsync(1, TimeSpan.FromSeconds(1)).AsTask());

        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        Assert.Contains("PushConsumer", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_with_a_time_is_not_sent_because_it_would_be_delivered_at_once()
    {
        await using var producer = new Producer(_connection, new ProducerOptions());
        await producer.StartAsync();
        DateTimeOffset soon = TimeProvider.System.GetUtcNow().AddMinutes(5);

        foreach (Message timed in new[] { new Message("t", default) { DeliverAt = soon }, new Message("t", default) { DeliverAfter = TimeSpan.FromMinutes(5) } })
        {
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => producer.SendAsync(timed).AsTask());
            Assert.Equal(RefusalReason.Unsupported, refused.Reason);
            Assert.False(refused.MayHaveHappened);
            Assert.Contains("DelayLevel", refused.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<RequestRefusedException>(() => producer.SendOneWayAsync(timed).AsTask());
        }

        Assert.Equal(0, _broker.Count(RequestCode.SendMessageV2));
        await producer.SendAsync(new Message("t", default) { DelayLevel = 3 }).Within("a message with a level is stored");
        Assert.Equal(1, _broker.Count(RequestCode.SendMessageV2));
    }

    [Fact]
    public async Task A_recall_says_what_it_needs()
    {
        await using var producer = new Producer(_connection, new ProducerOptions());
        await producer.StartAsync();

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => producer.RecallAsync("t", TimedMessageTests.Handle("a")).AsTask());

        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        Assert.Contains("5.3.2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_was_deleted_has_no_route_though_it_had_one()
    {
        var admin = new AdminClient(_connection);
        Assert.NotNull(await admin.FindRouteAsync("t").Within("route found"));

        _hasTopic = false;

        Assert.Null(await admin.FindRouteAsync("t").Within("no route found"));
    }

    [Theory]
    [InlineData(500, 0)]
    [InlineData(1000, 0)]
    [InlineData(1200, 1)]
    [InlineData(2000, 1)]
    [InlineData(2001, 4)]
    [InlineData(2400, 4)]
    [InlineData(2600, 4)]
    [InlineData(3000, 4)]
    [InlineData(3001, 5)]
    [InlineData(9000, 5)]
    public async Task The_first_message_at_or_after_a_time_is_found_where_the_broker_answers_with_the_nearest(long time, long offset)
    {
        await using var broker = new ScriptedBroker();
        long[] times = [1000, 2000, 2000, 2000, 3000];
        foreach (long stored in times)
        {
            broker.Add("m", stored);
        }

        broker.OnSearch = wanted => Array.IndexOf(times, wanted) switch
        {
            1 => 2,
            >= 0 and int exact => exact,
            _ => Array.IndexOf(times, times.MinBy(one => Math.Abs(one - wanted))),
        };
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address });
        var reader = new QueueReader(connection);

        Assert.Equal(offset, await reader.SearchOffsetAsync(new MessageQueue("t", "a", 0), DateTimeOffset.FromUnixTimeMilliseconds(time)).Within("offset found"));
    }

    private static void Reply(RemotingRequest request, string body) => request.Reply(ResponseCode.Success, default(NoFields), Encoding.UTF8.GetBytes(body));
}
