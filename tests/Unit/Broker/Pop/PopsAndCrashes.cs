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
        await bench.CrashAsync();

        client = bench.Connect();
        Assert.Empty(await client.TryTakeAsync("t"));
        bench.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
        bench.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Empty(await client.TryTakeAsync("t"));
    }

    [Fact]
    public async Task A_pop_is_answered_when_a_crash_cannot_show_its_messages_again()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 20; i++)
        {
            await client.SendAllAsync("t", $"m{i}");
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == i + 1);
            long before = bench.Core.Store.Durable.Value;
            Assert.Single(await client.TakeAsync("t", invisible: 600_000));
            Assert.True(bench.Core.Store.Durable.Value > before, "the account of the pop was not durable when it was answered");
        }
    }

    [Fact]
    public async Task A_pop_that_waited_is_answered_when_its_account_is_durable()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "first");
        Assert.Single(await client.TakeAsync("t", invisible: 600_000));
        Task<List<PopMessage>> waiting = client.TakeAsync("t", invisible: 600_000);
        await client.SendAllAsync("t", "second");
        Assert.Equal("second", Assert.Single(await waiting.Within("the pop that waited")).Body);
        await bench.CrashAsync();

        client = bench.Connect();
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
        await bench.CrashAsync();

        client = bench.Connect();
        PopMessage extended = await client.ChangeAsync(messages[0], 60_000);
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[1]));
        await bench.CrashAsync();

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
        await bench.CrashAsync();

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
}
