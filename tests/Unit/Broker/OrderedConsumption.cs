using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Two consumers in order of one queue, as clients do it: nobody consumes without the lock.</summary>
public class OrderedConsumption
{
    [Fact]
    public async Task The_second_gets_the_queue_when_the_first_gives_it_back_and_goes_on_where_it_was()
    {
        await using BrokerBench bench = BrokerBench.Open();
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        var seen = new List<string>();

        Assert.True(await LockAsync(first, "c1"));
        Assert.False(await LockAsync(second, "c2"));
        await ConsumeAsync(first, seen, 3);
        Assert.False(await LockAsync(second, "c2"));
        await UnlockAsync(second, "c2");
        Assert.False(await LockAsync(second, "c2"));
        await UnlockAsync(first, "c1");
        Assert.True(await LockAsync(second, "c2"));
        Assert.False(await LockAsync(first, "c1"));
        await ConsumeAsync(second, seen, 3);

        Assert.Equal(["0", "1", "2", "3", "4", "5"], seen);
    }

    [Fact]
    public async Task A_lease_that_is_renewed_lasts_and_one_of_a_client_that_went_runs_out()
    {
        await using BrokerBench bench = BrokerBench.Open();
        (BrokerClient first, BrokerClient second) = await TwoAsync(bench);
        Assert.True(await LockAsync(first, "c1"));
        for (int i = 0; i < 4; i++)
        {
            bench.Clock.Advance(TimeSpan.FromSeconds(20));
            Assert.True(await LockAsync(first, "c1"));
            Assert.False(await LockAsync(second, "c2"));
        }

        using (await first.AskAsync(RequestCode.UnregisterClient, new UnregisterClientRequestHeader { ClientId = "c1", ConsumerGroup = "g" }))
        {
        }

        // It may consume still what it has: others wait for the end of its lease, as with RocketMQ's broker.
        await first.DisposeAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(await LockAsync(second, "c2"));
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(await LockAsync(second, "c2"));
    }

    private static async Task<(BrokerClient First, BrokerClient Second)> TwoAsync(BrokerBench bench)
    {
        BrokerClient first = bench.Connect();
        BrokerClient second = bench.Connect();
        for (int i = 0; i < 6; i++)
        {
            using RemotingResponse sent = await first.SendAsync("t", $"{i}");
        }

        await first.HeartbeatAsync("c1", "g", "t");
        await second.HeartbeatAsync("c2", "g", "t");
        return (first, second);
    }

    private static async Task ConsumeAsync(BrokerClient client, List<string> seen, int count)
    {
        using RemotingResponse progress = await client.AskAsync(RequestCode.QueryConsumerOffset, new QueryConsumerOffsetRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = 0 });
        long offset = progress.Fields.GetInt64("offset"u8);
        using RemotingResponse pulled = await client.PullAsync("t", offset, max: count, hold: 5000);
        seen.AddRange(BrokerClient.Records(pulled).Select(record => record.Body));
        using RemotingResponse committed = await client.AskAsync(
            RequestCode.UpdateConsumerOffset, new UpdateConsumerOffsetRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = 0, CommitOffset = offset + count });
        Assert.Equal(ResponseCode.Success, committed.Code);
    }

    private static LockBatchBody Body(string clientId) => new()
    {
        ClientId = clientId,
        ConsumerGroup = "g",
        Queues = [new MessageQueueData { Topic = "t", BrokerName = "broker-a", QueueId = 0 }],
    };

    private static async Task<bool> LockAsync(BrokerClient client, string clientId)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.LockBatchMq, default(EmptyFields), LenientJson.Write(Body(clientId), RemotingJson.Bodies.LockBatchBody));
        return LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.LockBatchResponseBody).LockedQueues.Count == 1;
    }

    private static async Task UnlockAsync(BrokerClient client, string clientId)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.UnlockBatchMq, default(EmptyFields), LenientJson.Write(Body(clientId), RemotingJson.Bodies.LockBatchBody));
        Assert.Equal(ResponseCode.Success, answer.Code);
    }
}
