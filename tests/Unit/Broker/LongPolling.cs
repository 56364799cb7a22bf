using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class LongPolling
{
    [Fact]
    public async Task A_held_pull_is_answered_when_a_message_comes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient consumer = bench.Connect();
        using (await bench.Connect().SendAsync("t", "0"))
        {
        }

        Task<RemotingResponse> pull = consumer.PullAsync("t", 1, hold: 20_000);
        await Eventually.True(() => bench.Core.HeldWaits == 1, "the pull is held");
        using RemotingResponse sent = await bench.Connect().SendAsync("t", "1");
        using RemotingResponse answer = await pull.Within("the held pull is answered");
        Assert.Equal("1", Assert.Single(BrokerClient.Records(answer)).Body);
    }

    [Fact]
    public async Task A_held_pull_sleeps_through_tags_it_does_not_want()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient consumer = bench.Connect();
        using (await bench.Connect().SendAsync("t", "0", "blue"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        }

        Task<RemotingResponse> pull = consumer.PullAsync("t", 1, filter: "red", hold: 20_000);
        await Eventually.True(() => bench.Core.HeldWaits == 1, "the pull is held");
        using (await bench.Connect().SendAsync("t", "1", "blue"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
            Assert.False(pull.IsCompleted);
        }

        using RemotingResponse sent = await bench.Connect().SendAsync("t", "2", "red");
        using RemotingResponse answer = await pull.Within("the held pull is answered");
        Assert.Equal("2", Assert.Single(BrokerClient.Records(answer)).Body);
    }

    [Fact]
    public async Task A_held_pull_is_answered_when_its_time_is_over()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using (await bench.Connect().SendAsync("t", "0"))
        {
        }

        Task<RemotingResponse> pull = bench.Connect().PullAsync("t", 0, queueId: 1, hold: 3000);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => pull.IsCompleted, "the held pull is answered");
        using RemotingResponse answer = await pull;
        Assert.Equal(ResponseCode.PullNotFound, answer.Code);
    }

    [Fact]
    public async Task More_pulls_than_the_limit_are_refused_as_busy()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxHeldPulls = 1);
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "0"))
        {
        }

        Task<RemotingResponse> first = client.PullAsync("t", 0, queueId: 1, hold: 20_000);
        using RemotingResponse second = await client.PullAsync("t", 0, queueId: 2, hold: 20_000);
        Assert.Equal(ResponseCode.SystemBusy, second.Code);
        Assert.Contains("1 pulls are held", second.Remark, StringComparison.Ordinal);

        // The place is free again when the connection goes.
        await client.DisposeAsync();
        BrokerClient another = bench.Connect();
        Task<RemotingResponse> third = another.PullAsync("t", 0, queueId: 1, hold: 20_000);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(5), () => third.IsCompleted, "the third pull was held and timed out");
        Assert.Equal(ResponseCode.PullNotFound, (await third).Code);
        await Assert.ThrowsAnyAsync<ProtoBridgeMQ.Remoting.RemotingException>(() => first);
    }
}
