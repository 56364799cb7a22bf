using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

public class TopicAdministration
{
    [Fact]
    public async Task A_deleted_topic_has_no_messages_and_no_progress_when_it_is_made_again_and_its_offsets_go_on()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        await client.SendManyAsync("other", 3);
        await client.CommitAsync("t", "g", 2);
        Assert.Equal((ResponseCode.Success, null), await client.TryAsync(RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = "t" }));
        Assert.Null(bench.Core.Topics.Find("t"));
        Assert.Empty(bench.Core.Offsets.GroupsOf("t"));
        await bench.RestartAsync();
        client = bench.Connect();
        await client.SendManyAsync("t", 1);
        await bench.Core.WaitReadableAsync();
        Assert.Equal((3, 4), (bench.Core.Offsets.Min("t", 0), bench.Core.Offsets.Max("t", 0)));
        using RemotingResponse found = await client.PullAsync("t", 3);
        Assert.Equal("t-0", Assert.Single(BrokerClient.Records(found)).Body);
        Assert.Equal(-1, bench.Core.Offsets.Query("g", "t", 0));
        Assert.Equal((0, 3), (bench.Core.Offsets.Min("other", 0), bench.Core.Offsets.Max("other", 0)));
    }

    [Fact]
    public async Task Retry_topics_of_pops_go_with_their_topic()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 1);
        await client.CommitAsync("t", "g", 1);
        bench.Core.Tables.Topics.CreateIfAbsent(new() { Name = "%RETRY%g_t" }, out _);
        bench.Core.Tables.Topics.CreateIfAbsent(new() { Name = "%RETRY%g" }, out _);
        await client.TryAsync(RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = "t" });
        Assert.Null(bench.Core.Topics.Find("%RETRY%g_t"));
        Assert.NotNull(bench.Core.Topics.Find("%RETRY%g"));
    }

    [Theory]
    [InlineData("", "The specified topic is blank.")]
    [InlineData("TBW102", "The topic[TBW102] is conflict with system topic.")]
    [InlineData("SCHEDULE_TOPIC_XXXX", "The topic[SCHEDULE_TOPIC_XXXX] is conflict with system topic.")]
    public async Task Topics_that_cannot_be_deleted_are_refused(string topic, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        Assert.Equal((ResponseCode.InvalidParameter, remark), await bench.Connect().TryAsync(RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = topic }));
    }

    [Fact]
    public async Task One_more_deletion_than_may_be_noted_is_refused_and_the_topic_stays()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.MaxDeletedTopics = 1);
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 1);
        await client.SendManyAsync("u", 1);
        await client.TryAsync(RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = "t" });
        Assert.Equal(ResponseCode.SystemBusy, (await client.TryAsync(RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = "u" })).Code);
        Assert.NotNull(bench.Core.Topics.Find("u"));
    }

    [Fact]
    public async Task What_queues_have_of_topics_that_are_gone_is_cleaned()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        bench.Core.Topics.Remove("t");
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(RequestCode.CleanUnusedTopic, default(EmptyFields))).Code);
        Assert.Equal((3, 3), (bench.Core.Offsets.Min("t", 0), bench.Core.Offsets.Max("t", 0)));
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(RequestCode.CleanExpiredConsumeQueue, default(EmptyFields))).Code);
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(RequestCode.DeleteExpiredCommitLog, default(EmptyFields))).Code);
    }

    [Fact]
    public async Task A_list_of_topics_is_taken_whole_or_not_at_all()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        const string Good = "{\"attributes\":{\"+message.type\":\"FIFO\"},\"order\":false,\"perm\":6,\"readQueueNums\":3,\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"NAME\",\"topicSysFlag\":0,\"writeQueueNums\":3}";
        (int code, string? remark) = await client.TryAsync(
            RequestCode.UpdateAndCreateTopicList, default(EmptyFields), $"{{\"topicConfigList\":[{Good.Replace("NAME", "a", StringComparison.Ordinal)},{Good.Replace("NAME", "b b", StringComparison.Ordinal)}]}}");
        Assert.Equal(ResponseCode.InvalidParameter, code);
        Assert.NotNull(remark);
        Assert.Null(bench.Core.Topics.Find("a"));
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(
            RequestCode.UpdateAndCreateTopicList, default(EmptyFields), $"{{\"topicConfigList\":[{Good.Replace("NAME", "a", StringComparison.Ordinal)},{Good.Replace("NAME", "b", StringComparison.Ordinal)}]}}")).Code);
        Assert.Equal((3, "FIFO"), (bench.Core.Topics.Find("b")!.ReadQueues, bench.Core.Topics.Find("b")!.Attributes.Pairs["message.type"]));
    }

    [Fact]
    public async Task Topic_stats_show_the_ends_of_all_queues()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3, queueId: 1);
        TopicStatsTable table = await client.BodyAsync(RequestCode.GetTopicStatsInfo, new GetTopicStatsRequestHeader { Topic = "t" }, AdminJson.Bodies.TopicStatsTable);
        Assert.Equal([(0, 0L, 0L), (1, 0L, 3L), (2, 0L, 0L), (3, 0L, 0L)], table.Offsets.Entries.Select(static entry => (entry.Key.QueueId, entry.Value.MinOffset, entry.Value.MaxOffset)));
        Assert.Equal(bench.Clock.GetUtcNow().ToUnixTimeMilliseconds(), table.Offsets.Entries[1].Value.LastUpdateTimestamp);
        Assert.Equal((ResponseCode.TopicNotExist, "topic[x] not exist"), await client.TryAsync(RequestCode.GetTopicStatsInfo, new GetTopicStatsRequestHeader { Topic = "x" }));
    }

    [Fact]
    public async Task Entries_of_a_queue_are_shown_as_they_are()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        QueryConsumeQueueResponseBody body = await client.BodyAsync(
            RequestCode.QueryConsumeQueue, new QueryConsumeQueueRequestHeader { Topic = "t", QueueId = 0, Index = 1, Count = 99 }, AdminJson.Bodies.QueryConsumeQueueResponseBody);
        Assert.Equal((0, 3, 2), (body.MinQueueIndex, body.MaxQueueIndex, body.Entries!.Count));
        Assert.Equal(body.Entries[0].PhysicalOffset + body.Entries[0].PhysicalSize, body.Entries[1].PhysicalOffset);
        Assert.Equal((ResponseCode.SystemError, "9@t is not exist!"), await client.TryAsync(RequestCode.QueryConsumeQueue, new QueryConsumeQueueRequestHeader { Topic = "t", QueueId = 9, Count = 1 }));
    }
}
