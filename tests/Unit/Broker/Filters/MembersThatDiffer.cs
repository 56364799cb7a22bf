using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>Members of one group that want different things of a topic.</summary>
public sealed class MembersThatDiffer
{
    [Fact]
    public async Task Each_is_given_what_it_asked_for_itself_and_the_group_is_counted()
    {
        await using BrokerBench bench = BrokerBench.Open();
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        Assert.Equal(ResponseCode.Success, (await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a", "TAG", 1))).Code);
        Assert.Equal(0, bench.Core.Tables.Watch.Count);
        Assert.Equal(ResponseCode.Success, (await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", "TAGS = 'b'", version: 2))).Code);
        Assert.Equal(1, bench.Core.Tables.Watch.Count);
        Assert.Equal(["1"], await first.FetchAsync("t", 0, version: 1).BodiesAsync());
        Assert.Equal(["2"], await second.FetchAsync("t", 0, version: 2).BodiesAsync());

        // What each wants can be listed, and is shown where subscriptions of the group are.
        Assert.Equal("a (1); SQL92: TAGS = 'b' (1)", await ShownAsync(first));
        Assert.Equal(
            ["a", "TAGS = 'b'"],
            bench.Core.Groups.Members("g").OrderBy(static member => member.ClientId, StringComparer.Ordinal).Select(static member => member.Subscriptions[0].Expression));

        await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", " a ", "TAG", 3));
        Assert.Equal(0, bench.Core.Tables.Watch.Count);
        Assert.Equal(" a ", await ShownAsync(first));
        Assert.Equal(["1"], await second.FetchAsync("t", 0, version: 3).BodiesAsync());
    }

    [Fact]
    public async Task When_so_configured_the_latest_holds_for_all_as_in_Apache()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.DifferentSubscriptions = DifferentSubscriptions.Latest);
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a", "TAG", 1));
        await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", "b", "TAG", 2));
        Assert.Equal(["2"], await first.FetchAsync("t", 0, version: 1).BodiesAsync());
        Assert.Equal(1, bench.Core.Tables.Watch.Count);
    }

    [Fact]
    public async Task When_so_configured_the_member_that_differs_is_refused_with_the_reason()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.DifferentSubscriptions = DifferentSubscriptions.Refuse);
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a || b", "TAG", 1));
        (int code, string? remark) = await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", "b", "TAG", 2));
        Assert.Equal(ResponseCode.InvalidParameter, code);
        Assert.Equal("the subscription of c2 to topic t (b) differs from that of the other members of group g", remark);
        Assert.Equal(["c1"], bench.Core.Groups.ClientIds("g"));
        Assert.Equal(ResponseCode.SubscriptionNotExist, (await second.FetchAsync("t", 0, version: 1).CodeAsync()).Code);
        Assert.Equal(["1", "2"], await first.FetchAsync("t", 0, version: 1).BodiesAsync());

        // The same in another spelling is welcome, and the only one may change its mind.
        Assert.Equal(ResponseCode.Success, (await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", "b||a", "TAG", 2))).Code);
        Assert.Equal(ResponseCode.InvalidParameter, (await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a", "TAG", 3))).Code);
        bench.Core.Tables.Consumers.Leave("g", "c2");
        Assert.Equal(ResponseCode.Success, (await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a", "TAG", 3))).Code);
    }

    [Fact]
    public async Task A_group_that_ends_is_counted_no_more()
    {
        await using BrokerBench bench = BrokerBench.Open();
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        await first.HeartbeatAsync("c1", "g", FilterBench.Wants("t", "a", "TAG", 1), FilterBench.Wants("u", "*", "TAG", 1));
        await second.HeartbeatAsync("c2", "g", FilterBench.Wants("t", "b", "TAG", 2), FilterBench.Wants("u", "n = 1", version: 2));
        Assert.Equal(2, bench.Core.Tables.Watch.Count);
        bench.Core.Tables.Consumers.Leave("g", "c1");
        Assert.Equal(0, bench.Core.Tables.Watch.Count);
        bench.Core.Tables.Consumers.Leave("g", "c2");
        Assert.Equal(0, bench.Core.Tables.Watch.Count);
    }

    private static async Task<string?> ShownAsync(BrokerClient client)
    {
        using RemotingResponse answer = await client.AskAsync(
            RequestCode.GetConsumerConnectionList, new GetConsumerConnectionListRequestHeader { ConsumerGroup = "g" });
        return LenientJson.Read(answer.Body.Span, AdminJson.Bodies.ConsumerConnection).Subscriptions["t"].Expression;
    }

    private static async Task<(BrokerClient First, BrokerClient Second)> TwoAsync(BrokerBench bench)
    {
        BrokerClient first = bench.Connect();
        await first.PutAsync("t", "1", "TAGS=a");
        await first.PutAsync("t", "2", "TAGS=b");
        return (first, bench.Connect());
    }
}
