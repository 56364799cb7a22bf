using System.Text;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

public class GroupAdministration
{
    [Fact]
    public async Task A_group_is_shown_deleted_and_keeps_its_progress_unless_that_is_asked()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.AutoCreateGroups = false);
        BrokerClient client = bench.Connect();
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(
            RequestCode.UpdateAndCreateSubscriptionGroupList, default(EmptyFields), "{\"groupConfigList\":[{\"groupName\":\"g\",\"retryMaxTimes\":3},{\"groupName\":\"h\"},{\"groupName\":\"i\"}]}")).Code);
        using (RemotingResponse shown = await client.AskAsync(RequestCode.GetSubscriptionGroupConfig, new GetSubscriptionGroupConfigRequestHeader { Group = "g" }))
        {
            Assert.Contains("\"retryMaxTimes\":3", Encoding.UTF8.GetString(shown.Body.Span), StringComparison.Ordinal);
        }

        await client.SendManyAsync("t", 2);
        await client.CommitAsync("t", "g", 1);
        await client.CommitAsync("t", "h", 1);
        await client.CommitAsync("t", "i", 1);
        await client.TryAsync(RequestCode.DeleteSubscriptionGroup, new DeleteSubscriptionGroupRequestHeader { GroupName = "g", CleanOffset = false });
        await client.TryAsync(RequestCode.DeleteSubscriptionGroup, new DeleteSubscriptionGroupRequestHeader { GroupName = "h", CleanOffset = true });
        await client.TryAsync(RequestCode.DeleteSubscriptionGroup, new DeleteSubscriptionGroupRequestHeader { GroupName = "i", RemoveOffset = true });
        Assert.Equal(
            (ResponseCode.SubscriptionGroupNotExist, "No group in this broker"),
            await client.TryAsync(RequestCode.GetSubscriptionGroupConfig, new GetSubscriptionGroupConfigRequestHeader { Group = "g" }));
        await bench.RestartAsync();
        Assert.Null(bench.Core.Groups.Find("g"));
        Assert.Equal((1, -1, -1), (bench.Core.Offsets.Query("g", "t", 0), bench.Core.Offsets.Query("h", "t", 0), bench.Core.Offsets.Query("i", "t", 0)));
    }

    [Fact]
    public async Task A_list_of_groups_is_taken_whole_or_not_at_all()
    {
        await using BrokerBench bench = BrokerBench.Open();
        (int code, string? remark) = await bench.Connect().TryAsync(
            RequestCode.UpdateAndCreateSubscriptionGroupList, default(EmptyFields), "{\"groupConfigList\":[{\"groupName\":\"g\"},{\"groupName\":\"\"}]}");
        Assert.Equal(ResponseCode.InvalidParameter, code);
        Assert.Contains("blank", remark, StringComparison.Ordinal);
        Assert.Null(bench.Core.Groups.Find("g"));
    }

    [Fact]
    public async Task Members_producers_and_subscriptions_are_listed()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c", "g", "t", "a || b");
        var producer = new HeartbeatData { ClientId = "p1", Producers = [new ProducerData { GroupName = "pg" }] };
        using (await client.AskAsync(RequestCode.Heartbeat, default(EmptyFields), LenientJson.Write(producer, RemotingJson.Bodies.HeartbeatData)))
        {
        }

        ConsumerConnection members = await client.BodyAsync(
            RequestCode.GetConsumerConnectionList, new GetConsumerConnectionListRequestHeader { ConsumerGroup = "g" }, AdminJson.Bodies.ConsumerConnection);
        ConnectionData member = Assert.Single(members.Connections);
        Assert.Equal(("c", "127.0.0.1:40000"), (member.ClientId, member.ClientAddress));
        Assert.Equal(["a", "b"], members.Subscriptions["t"].Tags);
        Assert.Equal([97, 98], members.Subscriptions["t"].CodeSet);
        ProtoBridgeMQ.Remoting.Bodies.ProducerConnection producers = await client.BodyAsync(
            RequestCode.GetProducerConnectionList, new GetProducerConnectionListRequestHeader { ProducerGroup = "pg" }, AdminJson.Bodies.ProducerConnection);
        Assert.Equal("p1", Assert.Single(producers.Connections).ClientId);
        ProducerTableInfo all = await client.BodyAsync(RequestCode.GetAllProducerInfo, default(EmptyFields), AdminJson.Bodies.ProducerTableInfo);
        Assert.Equal(bench.Clock.GetUtcNow().ToUnixTimeMilliseconds(), Assert.Single(all.Groups["pg"]).LastUpdateTimestamp);
        Assert.Equal((ResponseCode.ConsumerNotOnline, "the consumer group[x] not online"), await client.TryAsync(RequestCode.GetConsumerConnectionList, new GetConsumerConnectionListRequestHeader { ConsumerGroup = "x" }));
        Assert.Equal((ResponseCode.SystemError, "the producer group[x] not exist"), await client.TryAsync(RequestCode.GetProducerConnectionList, new GetProducerConnectionListRequestHeader { ProducerGroup = "x" }));
        GroupList who = await client.BodyAsync(RequestCode.QueryTopicConsumeByWho, new QueryTopicConsumeByWhoRequestHeader { Topic = "t" }, AdminJson.Bodies.GroupList);
        Assert.Equal(["g"], who.Groups);
        QuerySubscriptionResponseBody subscription = await client.BodyAsync(
            RequestCode.QuerySubscriptionByConsumer, new QuerySubscriptionByConsumerRequestHeader { Group = "g", Topic = "t" }, AdminJson.Bodies.QuerySubscriptionResponseBody);
        Assert.Equal("a || b", subscription.Subscription!.Expression);
    }

    [Fact]
    public async Task A_question_to_a_consumer_is_relayed_with_its_answer()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient consumer = bench.Connect();
        await consumer.HeartbeatAsync("c", "g", "t");
        BrokerClient tool = bench.Connect();
        await tool.SendManyAsync("t", 1);
        using (RemotingResponse info = await tool.AskAsync(RequestCode.GetConsumerRunningInfo, new GetConsumerRunningInfoRequestHeader { ConsumerGroup = "g", ClientId = "c", JstackEnable = true }))
        {
            // The client of the tests has no handler for it, and its refusal is what comes back.
            Assert.Equal(ResponseCode.RequestCodeNotSupported, info.Code);
        }

        Assert.Equal(
            (ResponseCode.SystemError, "The Consumer <g> <nobody> not online"),
            await tool.TryAsync(RequestCode.GetConsumerRunningInfo, new GetConsumerRunningInfoRequestHeader { ConsumerGroup = "g", ClientId = "nobody" }));
        (int code, string? remark) = await tool.TryAsync(
            RequestCode.ConsumeMessageDirectly, new ConsumeMessageDirectlyRequestHeader { ConsumerGroup = "g", ClientId = "c", MessageId = "nonsense" });
        Assert.Equal(ResponseCode.InvalidParameter, code);
        Assert.Contains("nonsense", remark, StringComparison.Ordinal);
        Assert.Equal(ResponseCode.Success, (await tool.TryAsync(RequestCode.InvokeBrokerToGetConsumerStatus, new GetConsumerStatusRequestHeader { Group = "g", Topic = "t" })).Code);
        Assert.Equal(ResponseCode.SystemError, (await tool.TryAsync(RequestCode.InvokeBrokerToGetConsumerStatus, new GetConsumerStatusRequestHeader { Group = "x", Topic = "t" })).Code);
    }
}
