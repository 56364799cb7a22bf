using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

public class Assignments
{
    private static readonly string[] Four = ["c1", "c2", "c3", "c4"];

    [Fact]
    public void Members_that_pull_share_the_queues_out()
    {
        int[] queues = [0, 1, 2, 3, 4, 5];
        Assert.Equal([0, 1], QueueAssignment.ForPull("AVG", "c1", queues, Four));
        Assert.Equal([5], QueueAssignment.ForPull("AVG", "c4", queues, Four));
        Assert.Equal([1, 5], QueueAssignment.ForPull("AVG_BY_CIRCLE", "c2", queues, Four));
        Assert.Empty(QueueAssignment.ForPull("AVG", "other", queues, Four));
    }

    [Fact]
    public void Members_that_pop_share_with_the_next_ones()
    {
        int[] queues = [0, 1, 2, 3];
        Assert.Null(QueueAssignment.ForPop("AVG", "c1", queues, Four, 0));
        Assert.Null(QueueAssignment.ForPop("AVG", "c1", queues, Four, 3));
        Assert.Equal([3, 0], QueueAssignment.ForPop("AVG", "c4", queues, Four, 1));
        Assert.Equal([1], QueueAssignment.ForPop("AVG", "c4", [0, 1], Four, 1));
    }

    [Fact]
    public async Task A_group_is_told_to_pop_and_to_share_all_queues_also_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await client.HeartbeatAsync("c1", "g", "t");
        List<QueueAssignmentData> pulling = (await QueryAsync(client))!;
        Assert.Equal([0, 1, 2, 3], pulling.Select(static assignment => assignment.Queue!.QueueId).Order());
        Assert.All(pulling, static assignment => Assert.Equal(("PULL", "broker-a"), (assignment.Mode, assignment.Queue!.BrokerName)));
        Assert.Equal((ResponseCode.Success, null), await SetAsync(client, "t", "g", "POP"));
        await bench.RestartAsync();

        client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        QueueAssignmentData popping = Assert.Single((await QueryAsync(client))!);
        Assert.Equal(("POP", -1, "t"), (popping.Mode, popping.Queue!.QueueId, popping.Queue.Topic));
        Assert.Contains("\"messageRequestModeMap\"", await File.ReadAllTextAsync(bench["config/messageRequestMode.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_asks_one_broker_is_told_the_queues_of_all_in_an_order_that_is_the_same_everywhere()
    {
        await using BrokerBench bench = BrokerBench.Open();
        bench.Core.Routes.AskOf(static topic => new ValueTask<TopicRouteData?>(new TopicRouteData
        {
            Queues =
            [
                new QueueData { BrokerName = "broker-b", ReadQueues = 2, WriteQueues = 2, Permission = 6 },
                new QueueData { BrokerName = "broker-a", ReadQueues = 9, WriteQueues = 9, Permission = 6 },
                new QueueData { BrokerName = "broker-0", ReadQueues = 1, WriteQueues = 8, Permission = 4 },
                new QueueData { BrokerName = "broker-c", ReadQueues = 1, WriteQueues = 1, Permission = 2 },
            ],
        }));
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await client.HeartbeatAsync("c1", "g", "t");
        Assert.Equal(
            ["broker-0 0", "broker-a 0", "broker-a 1", "broker-a 2", "broker-a 3", "broker-b 0", "broker-b 1"],
            (await QueryAsync(client))!.Select(static assignment => $"{assignment.Queue!.BrokerName} {assignment.Queue.QueueId}"));
        await SetAsync(client, "t", "g", "POP");
        Assert.Equal(
            ["broker-0 -1", "broker-a -1", "broker-b -1"],
            (await QueryAsync(client))!.Select(static assignment => $"{assignment.Queue!.BrokerName} {assignment.Queue.QueueId}"));
        using RemotingResponse all = await client.AskAsync(RequestCode.GetAllMessageRequestMode, default(EmptyFields));
        Assert.Equal(
            """{"messageRequestModeMap":{"t":{"g":{"consumerGroup":"g","mode":"POP","popShareQueueNum":0,"topic":"t"}}}}""",
            System.Text.Encoding.UTF8.GetString(all.Body.Span));
    }

    [Fact]
    public async Task The_account_of_pops_is_in_topics_already_when_a_rollback_is_asked_for()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(RequestCode.PopRollback, default(EmptyFields));
        Assert.Equal(ResponseCode.Success, answer.Code);
    }

    [Fact]
    public async Task A_member_that_is_none_keeps_what_it_has()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        Assert.Null(await QueryAsync(client));
        await client.SendAllAsync("t", "a");
        Assert.Null(await QueryAsync(client));
    }

    [Fact]
    public async Task Modes_of_what_is_not_there_are_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(options => (options.AutoCreateGroups, options.MaxRequestModes) = (false, 1));
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Equal((ResponseCode.NoPermission, "retry topic is not allowed to set mode"), await SetAsync(client, "%RETRY%g", "g", "POP"));
        Assert.Equal((ResponseCode.TopicNotExist, "topic[none] not exist"), await SetAsync(client, "none", "g", "POP"));
        Assert.Equal((ResponseCode.SubscriptionGroupNotExist, "subscription group does not exist"), await SetAsync(client, "t", "g", "POP"));
        bench.Core.Groups.Put(new ProtoBridgeMQ.Broker.Core.SubscriptionGroup { Name = "g" });
        bench.Core.Groups.Put(new ProtoBridgeMQ.Broker.Core.SubscriptionGroup { Name = "h" });
        Assert.Equal(ResponseCode.InvalidParameter, (await SetAsync(client, "t", "g", "PUSH")).Code);
        Assert.Equal(ResponseCode.Success, (await SetAsync(client, "t", "g", "POP")).Code);
        Assert.Equal(ResponseCode.SystemBusy, (await SetAsync(client, "t", "h", "POP")).Code);
    }

    private static async Task<List<QueueAssignmentData>?> QueryAsync(BrokerClient client)
    {
        var body = new QueryAssignmentBody { Topic = "t", ConsumerGroup = "g", ClientId = "c1", StrategyName = "AVG", MessageModel = "CLUSTERING" };
        using RemotingResponse answer = await client.AskAsync(RequestCode.QueryAssignment, default(EmptyFields), LenientJson.Write(body, RemotingJson.Bodies.QueryAssignmentBody));
        Assert.Equal(ResponseCode.Success, answer.Code);
        return LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.QueryAssignmentResponseBody).Assignments;
    }

    private static async Task<(int Code, string? Remark)> SetAsync(BrokerClient client, string topic, string group, string mode)
    {
        var body = new MessageRequestModeBody { Topic = topic, ConsumerGroup = group, Mode = mode };
        using RemotingResponse answer = await client.AskAsync(RequestCode.SetMessageRequestMode, default(EmptyFields), LenientJson.Write(body, RemotingJson.Bodies.MessageRequestModeBody));
        return (answer.Code, answer.Remark);
    }
}
