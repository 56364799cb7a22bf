using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class MembersOfGroups
{
    [Fact]
    public async Task Members_are_told_when_another_comes_and_when_its_connection_closes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient first = bench.Connect();
        BrokerClient second = bench.Connect();
        await first.HeartbeatAsync("c1", "g", "t");
        await Eventually.True(() => first.Noticed.Count == 1, "the first member is told of itself");

        await second.HeartbeatAsync("c2", "g", "t");
        await Eventually.True(() => first.Noticed.Count == 2, "the first member is told of the second");
        Assert.Equal(["c1", "c2"], await ListAsync(first));

        await second.DisposeAsync();
        await Eventually.True(() => first.Noticed.Count == 3, "the first member is told that the second went");
        Assert.Equal(["c1"], await ListAsync(first));
    }

    [Fact]
    public async Task A_heartbeat_that_changes_nothing_tells_nobody()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        await client.HeartbeatAsync("c1", "g", "t");
        await client.HeartbeatAsync("c1", "g", "u");
        await Eventually.True(() => client.Noticed.Count >= 2, "the change of the subscription is told");
        Assert.Equal(2, client.Noticed.Count);
    }

    [Fact]
    public async Task A_client_whose_heartbeats_stop_is_no_member_any_more()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        bench.Clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Single(bench.Core.Groups.ClientIds("g"));
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty(bench.Core.Groups.ClientIds("g"));
    }

    [Fact]
    public async Task A_client_that_unregisters_leaves()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        using RemotingResponse gone = await client.AskAsync(RequestCode.UnregisterClient, new UnregisterClientRequestHeader { ClientId = "c1", ConsumerGroup = "g" });
        using RemotingResponse list = await client.AskAsync(RequestCode.GetConsumerListByGroup, new GetConsumerListByGroupRequestHeader { ConsumerGroup = "g" });
        Assert.Equal(ResponseCode.Success, gone.Code);
        Assert.Equal((ResponseCode.SystemError, "no consumer for this group, g"), (list.Code, list.Remark));
    }

    [Fact]
    public async Task A_member_in_the_process_shares_the_group_with_clients()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        var member = new InProcess { Group = "g", ClientId = "a-gateway", Subscriptions = [new GroupSubscription("t", "*", 1, TagFilter.All)] };
        Assert.Equal(SendStatus.Ok, bench.Core.Groups.Join(member));

        Assert.Equal(["a-gateway", "c1"], await ListAsync(client));
        await Eventually.True(() => client.Noticed.Count == 2, "the client is told of the gateway");
        int before = member.Changes;
        await client.DisposeAsync();
        await Eventually.True(() => member.Changes > before, "the gateway is told that the client went");
        bench.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(["a-gateway"], bench.Core.Groups.ClientIds("g"));
        bench.Core.Groups.Leave(member);
        Assert.Empty(bench.Core.Groups.ClientIds("g"));
    }

    [Fact]
    public async Task A_pull_follows_the_subscription_of_the_heartbeat()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        foreach (string tag in (string[])["red", "blue"])
        {
            using RemotingResponse sent = await client.SendAsync("t", tag, tag);
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        using RemotingResponse noGroup = await client.PullAsync("t", 0, sysFlag: 0);
        await client.HeartbeatAsync("c1", "g", "u", version: 5);
        using RemotingResponse noTopic = await client.PullAsync("t", 0, sysFlag: 0);
        await client.HeartbeatAsync("c1", "g", "t", filter: "blue", version: 5);
        using RemotingResponse tooNew = await client.PullAsync("t", 0, sysFlag: 0, version: 6);
        using RemotingResponse fits = await client.PullAsync("t", 0, sysFlag: 0, version: 5);
        Assert.Equal(
            (ResponseCode.SubscriptionNotExist, ResponseCode.SubscriptionNotExist, ResponseCode.SubscriptionNotLatest, ResponseCode.Success),
            (noGroup.Code, noTopic.Code, tooNew.Code, fits.Code));
        Assert.Equal("blue", Assert.Single(BrokerClient.Records(fits)).Body);
    }

    [Fact]
    public async Task A_queue_lock_is_one_members_until_its_lease_ends()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        Assert.Equal("0,3", string.Join(",", await LockAsync(client, "c1", 0, 3, 99)));
        Assert.Empty(await LockAsync(client, "c2", 0));
        bench.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("0", string.Join(",", await LockAsync(client, "c2", 0)));
    }

    private static async Task<List<string>> ListAsync(BrokerClient client)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.GetConsumerListByGroup, new GetConsumerListByGroupRequestHeader { ConsumerGroup = "g" });
        return LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.ConsumerListBody).ConsumerIds;
    }

    private static async Task<int[]> LockAsync(BrokerClient client, string clientId, params int[] queues)
    {
        var body = new LockBatchBody
        {
            ClientId = clientId,
            ConsumerGroup = "g",
            Queues = [.. queues.Select(queue => new MessageQueueData { BrokerName = "broker-a", Topic = "t", QueueId = queue })],
        };
        using RemotingResponse answer = await client.AskAsync(RequestCode.LockBatchMq, default(EmptyFields), LenientJson.Write(body, RemotingJson.Bodies.LockBatchBody));
        return [.. LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.LockBatchResponseBody).LockedQueues.Select(queue => queue.QueueId).Order()];
    }

    private sealed class InProcess : GroupMember
    {
        public int Changes;

        public override void MembersChanged() => Interlocked.Increment(ref Changes);
    }
}
