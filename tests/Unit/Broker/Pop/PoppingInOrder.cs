using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

public class PoppingInOrder
{
    [Fact]
    public async Task A_queue_gives_nothing_before_what_it_gave_is_acknowledged()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a", "b", "c");
        List<PopMessage> messages = await client.TakeAsync("t", max: 2, order: true);
        Assert.Equal(["a", "b"], messages.Select(static message => message.Body));
        Assert.Equal("999", messages[0].Handle.Split(' ')[3]);
        Assert.Empty(await client.TryTakeAsync("t", order: true));

        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[0]));
        Assert.Empty(await client.TryTakeAsync("t", order: true));
        Assert.Equal(1, bench.Core.Offsets.Query("g", "t", 0));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[1]));
        Assert.Equal("c", Assert.Single(await client.TryTakeAsync("t", order: true)).Body);
    }

    [Fact]
    public async Task What_is_not_acknowledged_is_given_again_in_order_and_counted()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a", "b");
        Assert.Equal(2, (await client.TakeAsync("t", invisible: 5_000, order: true)).Count);
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        using RemotingResponse again = await client.PopAsync("t", invisible: 5_000, order: true);
        Assert.Equal("0 qo0%0 1;0 qo0%1 1;0 0 1", again.Fields.GetString("orderCountInfo"u8));
        Assert.Equal(["a", "b"], PopClient.Messages(again, "t").Select(static message => message.Body));
    }

    [Fact]
    public async Task The_same_attempt_gets_the_same_again()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a");
        Assert.Single(await client.TakeAsync("t", order: true, attempt: "1"));
        Assert.Empty(await client.TryTakeAsync("t", order: true, attempt: "2"));
        Assert.Equal("a", Assert.Single(await client.TryTakeAsync("t", order: true, attempt: "1")).Body);
    }

    [Fact]
    public async Task A_held_pop_goes_on_when_the_queue_is_free()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a", "b");
        PopMessage first = Assert.Single(await client.TakeAsync("t", max: 1, order: true));
        Task<RemotingResponse> held = client.PopAsync("t", max: 1, order: true, poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        await client.AckAsync(first);
        using RemotingResponse answer = await held;
        Assert.Equal("b", Assert.Single(PopClient.Messages(answer, "t")).Body);

        held = client.PopAsync("t", max: 1, order: true, poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        await client.ChangeAsync(Assert.Single(PopClient.Messages(answer, "t")), 2_000);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => held.IsCompleted, "the queue is free again");
        using RemotingResponse again = await held;
        Assert.Equal("b", Assert.Single(PopClient.Messages(again, "t")).Body);
    }

    [Fact]
    public async Task An_offset_that_was_not_given_is_illegal()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a", "b");
        PopMessage first = Assert.Single(await client.TakeAsync("t", max: 1, order: true));
        Assert.Equal(ResponseCode.MessageIllegal, await client.AckAsync(first with { Offset = 1 }));
    }

    [Fact]
    public async Task What_was_given_in_order_is_known_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await Fill(bench, client, "a", "b");
        List<PopMessage> messages = await client.TakeAsync("t", order: true);
        await client.AckAsync(messages[0]);
        await bench.RestartAsync();
        client = bench.Connect();
        Assert.Empty(await client.TryTakeAsync("t", order: true));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[1]));
        Assert.Equal(2, bench.Core.Offsets.Query("g", "t", 0));
        Assert.Contains("\"t@g\":{\"0\":{", await File.ReadAllTextAsync(bench["config/consumerOrderInfo.json"]), StringComparison.Ordinal);
    }

    private static async Task Fill(BrokerBench bench, BrokerClient client, params string[] bodies)
    {
        await client.SendAllAsync("t", bodies);
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == bodies.Length);
    }
}
