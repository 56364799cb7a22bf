using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Hostile;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class RetriesAndDelays
{
    [Fact]
    public async Task A_message_with_a_delay_level_comes_after_its_delay_and_not_before()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse sent = await client.SendAsync("t", "later", queueId: 2, delay: 3);
        Assert.Equal(ResponseCode.Success, sent.Code);
        Assert.Equal(2, sent.Fields.GetInt32("queueId"u8));
        await Eventually.True(() => bench.Core.Offsets.Max("SCHEDULE_TOPIC_XXXX", 2) == 1);

        bench.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, bench.Core.Offsets.Max("t", 2));
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 2) == 1, "the delayed message is delivered");

        using RemotingResponse pulled = await client.PullAsync("t", 0, queueId: 2, hold: 5000);
        BrokerClient.Record record = Assert.Single(BrokerClient.Records(pulled));
        Assert.Equal(("t", "later"), (record.Topic, record.Body));
        Assert.DoesNotContain("DELAY", record.Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delayed_message_survives_a_restart_and_is_delivered_once()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using (await bench.Connect().SendAsync("t", "1", delay: 1))
        {
            await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 0) == 1, "the first is delivered");
        }

        using (await bench.Connect().SendAsync("t", "2", delay: 2))
        {
        }

        await bench.RestartAsync();
        Assert.Contains("\"offsetTable\":{1:1", await File.ReadAllTextAsync(bench["config/delayOffset.json"]), StringComparison.Ordinal);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 0) == 2, "the second is delivered");
        using RemotingResponse pulled = await bench.Connect().PullAsync("t", 0);
        Assert.Equal(["1", "2"], BrokerClient.Records(pulled).Select(record => record.Body));
    }

    [Fact]
    public async Task Progress_is_not_saved_before_what_was_delivered_is_on_the_disk()
    {
        using var files = new HeldFlushes();
        await using BrokerBench bench = BrokerBench.Open(static options => options.Flush = FlushMode.Async, files);
        using (await bench.Connect().SendAsync("t", "1", delay: 1))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("SCHEDULE_TOPIC_XXXX", 0) == 1);
        }

        files.Hold();
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1, "the message is delivered");
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(File.Exists(bench["config/delayOffset.json"]));

        files.Release();
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => File.Exists(bench["config/delayOffset.json"]), "its progress is saved");
    }

    [Fact]
    public async Task Progress_beyond_the_end_of_a_level_passes_over_none_of_the_messages_that_come_next()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using (await bench.Connect().SendAsync("t", "1", delay: 1))
        {
            await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 0) == 1, "the first is delivered");
        }

        // The table is of a moment that the log has lost.
        await bench.RestartAfterAsync(() => File.WriteAllText(bench["config/delayOffset.json"], """{"offsetTable":{1:4,2:3}}"""));
        Assert.Contains("\"offsetTable\":{1:1}", (await File.ReadAllTextAsync(bench["config/delayOffset.json"])).ReplaceLineEndings(string.Empty).Replace("\t", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "2", delay: 1))
        using (await client.SendAsync("t", "3", delay: 2))
        {
        }

        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 0) == 3, "both are delivered");
    }

    [Fact]
    public async Task A_segment_that_cannot_be_read_for_a_moment_delays_messages_and_ends_no_delivery()
    {
        var files = new RefusingFiles();
        await using BrokerBench bench = BrokerBench.Open(static options => options.CommitLogFileSize = 1 << 16, files);
        BrokerClient client = bench.Connect();

        // Retention looks into the first two segments of its own accord.
        await FillAsync(client, 200);
        using (await client.SendAsync("t", "later", delay: 3))
        {
        }

        await FillAsync(client, 100);
        await Eventually.True(() => bench.Core.Offsets.Max("SCHEDULE_TOPIC_XXXX", 2) == 1 && bench.Core.Offsets.Max("filler", 0) == 300);
        await bench.RestartAsync();
        files.Refuse("00000000000000196608");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 0) == 1, "the delayed message is delivered");
        Assert.True(files.HasRefused);
    }

    [Fact]
    public async Task A_message_sent_back_comes_again_in_the_retry_topic_until_it_is_a_dead_letter()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c1", "g", "t");
        using (await client.SendAsync("t", "hard", tag: "x"))
        {
        }

        using RemotingResponse pulled = await client.PullAsync("t", 0, hold: 5000);
        BrokerClient.Record first = Assert.Single(BrokerClient.Records(pulled));
        BrokerClient.Record record = first;
        for (int tries = 1; tries <= 2; tries++)
        {
            Assert.Equal(ResponseCode.Success, await SendBack(client, record.PhysicalOffset, maxTries: 2));
            int expected = tries;
            await bench.AdvanceUntil(TimeSpan.FromSeconds(5), () => bench.Core.Offsets.Max("%RETRY%g", 0) == expected, $"try {tries} is delivered");
            using RemotingResponse again = await client.PullAsync("%RETRY%g", tries - 1, hold: 5000);
            record = Assert.Single(BrokerClient.Records(again));
            Assert.Equal(("%RETRY%g", "hard", tries), (record.Topic, record.Body, record.ReconsumeTimes));
            Assert.Contains("RETRY_TOPIC\u0001t\u0002", record.Properties, StringComparison.Ordinal);
            Assert.Contains($"ORIGIN_MESSAGE_ID\u0001{new string("7F00000100002A9F")}{first.PhysicalOffset:X16}", record.Properties, StringComparison.Ordinal);
        }

        Assert.Equal(ResponseCode.Success, await SendBack(client, record.PhysicalOffset, maxTries: 2));
        using RemotingResponse dead = await client.PullAsync("%DLQ%g", 0, hold: 5000);
        Assert.Equal("hard", Assert.Single(BrokerClient.Records(dead)).Body);
    }

    [Fact]
    public async Task A_negative_delay_level_makes_a_dead_letter_at_once()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "bad"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        }

        Assert.Equal(ResponseCode.Success, await SendBack(client, 0, maxTries: 16, level: -1));
        using RemotingResponse dead = await client.PullAsync("%DLQ%g", 0, hold: 5000);
        Assert.Equal("bad", Assert.Single(BrokerClient.Records(dead)).Body);
    }

    [Fact]
    public async Task A_message_that_is_not_there_cannot_be_sent_back()
    {
        await using BrokerBench bench = BrokerBench.Open();
        foreach (long offset in (long[])[-1, 0, 17, long.MaxValue])
        {
            Assert.Equal(ResponseCode.SystemError, await SendBack(bench.Connect(), offset, maxTries: 16));
        }
    }

    private static async Task FillAsync(BrokerClient client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RemotingResponse sent = await client.SendAsync("filler", new string('x', 1000));
            Assert.Equal(ResponseCode.Success, sent.Code);
        }
    }

    private static async Task<int> SendBack(BrokerClient client, long offset, int maxTries, int level = 0)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.ConsumerSendMsgBack, new ConsumerSendMsgBackRequestHeader
        {
            Offset = offset,
            Group = "g",
            DelayLevel = level,
            OriginTopic = "t",
            MaxReconsumeTimes = maxTries,
        });
        return answer.Code;
    }
}
