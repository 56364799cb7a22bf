using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class ProgressOfGroups
{
    [Fact]
    public async Task Progress_survives_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        Assert.Equal(ResponseCode.Success, await Commit(client, "t", 1, 42));
        await bench.RestartAsync();
        Assert.Equal((ResponseCode.Success, 42), await Query(bench.Connect(), "t", 1));
    }

    [Fact]
    public async Task Progress_that_the_log_has_lost_passes_over_none_of_the_messages_that_come_next()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        using (await client.SendAsync("t", "2"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        }

        // As after a power cut: the table has it, the log does not.
        await Commit(client, "t", 0, 5);
        await Commit(client, "t", 1, 3);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await bench.CrashAsync();
        client = bench.Connect();
        Assert.Equal((ResponseCode.Success, 2), await Query(client, "t", 0));
        Assert.Equal((ResponseCode.Success, 0), await Query(client, "t", 1));
        using (await client.SendAsync("t", "3"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);
        }

        using RemotingResponse pulled = await client.PullAsync("t", 2);
        Assert.Equal(["3"], BrokerClient.Records(pulled).Select(record => record.Body));
    }

    [Fact]
    public async Task Progress_is_on_disk_after_the_flush_interval()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        await Commit(client, "t", 0, 7);
        await Commit(client, "t", 3, 9);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        string file = await File.ReadAllTextAsync(bench["config/consumerOffset.json"]);
        Assert.Contains("\"t@g\":{0:7,3:9", file, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_may_go_backwards_and_beyond_the_end()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        foreach (long offset in (long[])[5, 2, 1_000_000, 0])
        {
            Assert.Equal(ResponseCode.Success, await Commit(client, "t", 0, offset));
            Assert.Equal((ResponseCode.Success, offset), await Query(client, "t", 0));
        }
    }

    [Fact]
    public async Task A_pull_commits_the_progress_it_carries()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        using RemotingResponse pulled = await client.AskAsync(RequestCode.PullMessage, new PullMessageRequestHeader
        {
            ConsumerGroup = "g",
            Topic = "t",
            QueueId = 0,
            QueueOffset = 0,
            MaxMessages = 1,
            SystemFlag = 1 | 4,
            CommitOffset = 6,
            SuspendTimeoutMillis = 0,
            SubscriptionVersion = 0,
            Subscription = "*",
        });
        Assert.Equal(6, bench.Core.Offsets.Query("g", "t", 0));
    }

    [Fact]
    public async Task A_pull_that_comes_after_the_last_save_does_not_set_progress_back()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        Assert.True(bench.Core.Offsets.Commit("g", "t", 0, 3));
        using RemotingResponse late = await client.AskAsync(RequestCode.PullMessage, new PullMessageRequestHeader
        {
            ConsumerGroup = "g", Topic = "t", QueueId = 0, QueueOffset = 1, MaxMessages = 1, SystemFlag = 4 | 1, CommitOffset = 1,
            SuspendTimeoutMillis = 0, Subscription = "*", SubscriptionVersion = 0, ExpressionType = "TAG",
        });
        Assert.Equal(3, bench.Core.Offsets.Query("g", "t", 0));
    }

    [Fact]
    public async Task A_group_without_progress_begins_at_0_where_the_queue_does()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        }

        Assert.Equal((ResponseCode.Success, 0), await Query(client, "t", 0));
        Assert.Equal((ResponseCode.QueryNotFound, -1), await Query(client, "t", 1));
        Assert.Equal((ResponseCode.QueryNotFound, -1), await Query(client, "t", 0, setZero: false));
    }

    [Fact]
    public async Task Queue_ends_and_times_are_answered()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        long start = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (int i = 0; i < 3; i++)
        {
            using RemotingResponse sent = await client.SendAsync("t", "x");
            bench.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);
        using RemotingResponse max = await client.AskAsync(RequestCode.GetMaxOffset, new GetMaxOffsetRequestHeader { Topic = "t", QueueId = 0 });
        using RemotingResponse min = await client.AskAsync(RequestCode.GetMinOffset, new GetMinOffsetRequestHeader { Topic = "t", QueueId = 0 });
        using RemotingResponse found = await client.AskAsync(RequestCode.SearchOffsetByTimestamp, new SearchOffsetRequestHeader { Topic = "t", QueueId = 0, Timestamp = start + 1000 });
        using RemotingResponse earliest = await client.AskAsync(RequestCode.GetEarliestMsgStoreTime, new GetEarliestMsgStoreTimeRequestHeader { Topic = "t", QueueId = 0 });
        Assert.Equal(
            (3L, 0L, 1L, start),
            (max.Fields.GetInt64("offset"u8), min.Fields.GetInt64("offset"u8), found.Fields.GetInt64("offset"u8), earliest.Fields.GetInt64("timestamp"u8)));
    }

    [Fact]
    public async Task An_unknown_topic_or_a_queue_that_is_not_has_no_progress()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        Assert.Equal(ResponseCode.TopicNotExist, await Commit(client, "nowhere", 0, 1));
        using (await client.SendAsync("t", "1"))
        {
        }

        Assert.Equal(ResponseCode.InvalidParameter, await Commit(client, "t", 99, 1));
        Assert.Equal(ResponseCode.InvalidParameter, await Commit(client, "t", 0, -5));
    }

    private static async Task<int> Commit(BrokerClient client, string topic, int queueId, long offset)
    {
        using RemotingResponse answer = await client.AskAsync(
            RequestCode.UpdateConsumerOffset,
            new UpdateConsumerOffsetRequestHeader { ConsumerGroup = "g", Topic = topic, QueueId = queueId, CommitOffset = offset });
        return answer.Code;
    }

    private static async Task<(int Code, long Offset)> Query(BrokerClient client, string topic, int queueId, bool? setZero = null)
    {
        using RemotingResponse answer = await client.AskAsync(
            RequestCode.QueryConsumerOffset,
            new QueryConsumerOffsetRequestHeader { ConsumerGroup = "g", Topic = topic, QueueId = queueId, SetZeroIfNotFound = setZero });
        return (answer.Code, answer.Fields.GetInt64("offset"u8, -1));
    }
}
