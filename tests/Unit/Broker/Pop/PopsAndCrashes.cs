using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

/// <summary>The process dies, and another one opens what it left.</summary>
public class PopsAndCrashes
{
    [Fact]
    public async Task What_was_popped_and_not_acknowledged_comes_back_after_a_crash()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        List<PopMessage> messages = await client.TakeAsync("t", invisible: 20_000);
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[0]));
        await KillAsync(bench);

        client = bench.Connect();
        Assert.Empty(await client.TryTakeAsync("t"));
        bench.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
        bench.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Empty(await client.TryTakeAsync("t"));
    }

    [Fact]
    public async Task A_handle_is_good_after_a_crash()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        List<PopMessage> messages = await client.TakeAsync("t", invisible: 20_000);
        await KillAsync(bench);

        client = bench.Connect();
        PopMessage extended = await client.ChangeAsync(messages[0], 60_000);
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[1]));
        await KillAsync(bench);

        client = bench.Connect();
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(await client.TryTakeAsync("t"));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(extended));
        bench.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(await client.TryTakeAsync("t"));
    }

    [Fact]
    public async Task What_came_back_does_not_come_back_twice_after_a_crash()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Single(await client.TakeAsync("t", invisible: 5_000));
        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        await Eventually.True(() => bench.Core.Offsets.Max("%RETRY%g_t", 0) == 1);
        await KillAsync(bench);

        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        client = bench.Connect();
        Assert.Equal(1, Assert.Single(await client.TakeAsync("t")).ReconsumeTimes);
        Assert.Equal(1, bench.Core.Offsets.Max("%RETRY%g_t", 0));
    }

    [Fact]
    public async Task Settled_pops_are_not_read_again_at_every_start()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        PopMessage message = Assert.Single(await client.TakeAsync("t"));
        await client.AckAsync(message);
        int account = int.Parse(message.Handle.Split(' ')[3], null);
        await bench.AdvanceUntil(
            TimeSpan.FromSeconds(1),
            () => bench.Core.Offsets.Query("CID_RMQ_SYS_REVIVE_GROUP", "rmq_sys_REVIVE_LOG_DefaultCluster", account) == 1,
            "the account is settled");
    }

    // The account of a pop is on the disk a moment after the answer: a kill in between gives its messages again at once.
    private static async Task KillAsync(BrokerBench bench)
    {
        await Eventually.True(() => bench.Core.Store.Durable.Value >= bench.Core.Store.Written.Value, "what was appended is durable");
        await bench.CrashAsync();
    }
}
