using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Messages that ask for a time, and their recall, over remoting.</summary>
public sealed class Timers
{
    [Theory]
    [InlineData("TIMER_DELAY_SEC", 3L, 3000)]
    [InlineData("TIMER_DELAY_MS", 2500L, 2500)]
    [InlineData("TIMER_DELIVER_MS", 2500L, 2500)]
    public async Task A_message_comes_at_the_time_that_it_asks_for(string property, long value, int delay)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        long now = Now(bench);
        using RemotingResponse sent = await SendAsync(client, "later", (property, property == "TIMER_DELIVER_MS" ? now + value : value), ("KEYS", "k"));
        Assert.Equal((ResponseCode.Success, 2), (sent.Code, sent.Fields.GetInt32("queueId"u8)));
        await WaitingAsync(bench, 1);

        bench.Clock.Advance(TimeSpan.FromMilliseconds(delay - 1));
        Assert.Equal(0, bench.Core.Offsets.Max("t", 2));
        await bench.AdvanceUntil(TimeSpan.FromMilliseconds(250), () => bench.Core.Offsets.Max("t", 2) == 1, "the message is delivered");
        Assert.InRange(Now(bench), now + delay, now + delay + 2000);

        using RemotingResponse pulled = await client.PullAsync("t", 0, queueId: 2, hold: 5000);
        BrokerClient.Record record = Assert.Single(BrokerClient.Records(pulled));
        Assert.Equal(("t", "later", 7), (record.Topic, record.Body, record.Flag));
        Assert.Contains("KEYS\u0001k\u0002", record.Properties, StringComparison.Ordinal);
        Assert.Contains("TIMER_OUT_MS\u0001", record.Properties, StringComparison.Ordinal);
        Assert.DoesNotContain("REAL_TOPIC", record.Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seconds_go_before_milliseconds_and_a_level_before_both()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await SendAsync(client, "sec", ("TIMER_DELAY_MS", 50_000), ("TIMER_DELAY_SEC", 2), ("TIMER_DELIVER_MS", 1)))
        using (await SendAsync(client, "level", ("TIMER_DELAY_SEC", 5_000), ("DELAY", 2)))
        {
        }

        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 2) == 2, "both are delivered");
        using RemotingResponse pulled = await client.PullAsync("t", 0, queueId: 2);
        Assert.Equal(["sec", "level"], BrokerClient.Records(pulled).Select(record => record.Body));
        Assert.DoesNotContain("TIMER", BrokerClient.Records(pulled)[1].Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_that_is_over_is_no_time_and_one_too_far_away_is_illegal()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.TimerMaxDelay = TimeSpan.FromDays(3));
        BrokerClient client = bench.Connect();
        using RemotingResponse over = await SendAsync(client, "over", ("TIMER_DELIVER_MS", Now(bench)));
        Assert.Equal(ResponseCode.Success, over.Code);
        await Eventually.True(() => bench.Core.Offsets.Max("t", 2) == 1);

        foreach (object illegal in new object[] { Now(bench) + 259_200_001, long.MaxValue, "soon" })
        {
            using RemotingResponse far = await SendAsync(client, "far", ("TIMER_DELIVER_MS", illegal));
            Assert.Equal(ResponseCode.MessageIllegal, far.Code);
            Assert.Equal(
                "timer message illegal, the delay time should not be bigger than the max delay 259200000ms; or if set del msg, the delay time should be bigger than the current time",
                far.Remark);
        }

        using RemotingResponse recall = await SendAsync(client, "0", ("TIMER_DELIVER_MS", Now(bench)), ("TIMER_DEL_UNIQKEY", "t+K"));
        Assert.Equal(ResponseCode.MessageIllegal, recall.Code);
    }

    [Fact]
    public async Task Too_many_timers_and_timers_that_are_off_are_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxTimersPerSlot = 1);
        BrokerClient client = bench.Connect();
        int refused = 0;
        for (int i = 0; i < 10; i++)
        {
            using RemotingResponse sent = await SendAsync(client, "x", ("TIMER_DELIVER_MS", Now(bench) + 10_000));
            refused += sent.Code == ResponseCode.SystemError ? 1 : 0;
            if (sent.Code == ResponseCode.SystemError)
            {
                Assert.StartsWith("timer message is under flow control, max num limit is 2 ", sent.Remark, StringComparison.Ordinal);
            }
            else
            {
                await WaitingAsync(bench, i + 1 - refused);
            }
        }

        Assert.Equal(8, refused);
        await using BrokerBench off = BrokerBench.Open(options => options.TimersEnabled = false);
        using RemotingResponse disabled = await SendAsync(off.Connect(), "x", ("TIMER_DELAY_SEC", 1));
        Assert.Equal((ResponseCode.SystemError, "accurate timer message is not enabled, timerWheelEnable is false"), (disabled.Code, disabled.Remark));
    }

    [Fact]
    public async Task A_recalled_message_does_not_come_not_even_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse kept = await SendAsync(client, "kept", ("UNIQ_KEY", "C0A8000100000001"), ("TIMER_DELAY_SEC", 20));
        using RemotingResponse gone = await SendAsync(client, "gone", ("UNIQ_KEY", "C0A8000100000002"), ("TIMER_DELAY_SEC", 20));
        string handle = gone.Fields.GetString("recallHandle"u8);
        Assert.True(RecallHandle.TryParse(handle, out RecallHandle parsed));
        Assert.Equal(("t", "broker-a", "C0A8000100000002"), (parsed.Topic, parsed.BrokerName, parsed.UniqueKey));
        Assert.Equal(1, long.Parse(parsed.Time, CultureInfo.InvariantCulture) % 1000);

        using RemotingResponse recalled = await RecallAsync(client, "t", handle);
        Assert.Equal((ResponseCode.Success, "C0A8000100000002"), (recalled.Code, recalled.Fields.GetString("msgId"u8)));
        await bench.RestartAsync();
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 2) == 1, "the other one is delivered");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.WaitingTimers == 0, "nothing waits");
        using RemotingResponse pulled = await bench.Connect().PullAsync("t", 0, queueId: 2);
        Assert.Equal("kept", Assert.Single(BrokerClient.Records(pulled)).Body);

        using RemotingResponse late = await RecallAsync(bench.Connect(), "t", handle);
        Assert.Equal((ResponseCode.IllegalOperation, "recall failed, timestamp invalid"), (late.Code, late.Remark));
    }

    [Theory]
    [InlineData("nowhere", "", ResponseCode.TopicNotExist, "recall failed, the topic[nowhere] not exist")]
    [InlineData("t", "", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("t", "%%%", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("t", "v1 t broker-a 1", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("t", "v2 t broker-a 1 K", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("t", "v1 other broker-a 1 K", ResponseCode.IllegalOperation, "recall failed, topic not match")]
    [InlineData("t", "v1 t broker-b 1 K", ResponseCode.IllegalOperation, "recall failed, broker service not available")]
    [InlineData("t", "v1 t broker-a 1 K", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    [InlineData("t", "v1 t broker-a x K", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    [InlineData("t", "v1 t broker-a 9999999999999 K", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    public async Task A_recall_that_cannot_be_is_refused_in_RocketMQs_words(string topic, string handle, int code, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "x"))
        {
        }

        string encoded = handle.StartsWith('v') ? Convert.ToBase64String(Encoding.UTF8.GetBytes(handle)).Replace('+', '-').Replace('/', '_') : handle;
        using RemotingResponse answer = await RecallAsync(client, topic, encoded);
        Assert.Equal((code, remark), (answer.Code, answer.Remark));
    }

    [Fact]
    public async Task A_recall_of_a_message_that_was_never_sent_is_taken_and_touches_nothing()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse sent = await SendAsync(client, "kept", ("UNIQ_KEY", "A"), ("TIMER_DELAY_SEC", 5));
        Assert.True(RecallHandle.TryParse(sent.Fields.GetString("recallHandle"u8), out RecallHandle handle));
        using RemotingResponse recalled = await RecallAsync(client, "t", (handle with { UniqueKey = "B" }).ToString());
        Assert.Equal(ResponseCode.Success, recalled.Code);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("t", 2) == 1, "the other one is delivered");
    }

    [Fact]
    public async Task Nobody_sends_to_the_timer_topic_itself()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().SendAsync("rmq_sys_wheel_timer", "x");
        Assert.Equal(ResponseCode.NoPermission, answer.Code);
    }

    [Theory]
    [InlineData("djEgVF9kZWxheSBicm9rZXItYSAxNzk1MjE5NjM4MDAxIEMwMDAwMjAyNTYwQTVGRkQyQjI3NjcwNEY3M0UwMDAw", "T_delay", "1795219638001", "C000020256 0A5FFD2B276704F73E0000")]
    [InlineData("djEgVF9kZWxheSBicm9rZXItYSAxNzk1MjIwNzAwMDAxIEMwMDAwMjAyM0M4OTVGRkQyQjI3NjcxNTJBREEwMDAw", "T_delay", "1795220700001", "C00002023C895FFD2B2767152ADA0000")]
    public void Handles_of_Apache_are_read_and_written(string text, string topic, string time, string key)
    {
        Assert.True(RecallHandle.TryParse(text, out RecallHandle handle));
        Assert.Equal(new RecallHandle(topic, "broker-a", time, key.Replace(" ", string.Empty, StringComparison.Ordinal)), handle);
        Assert.Equal(text, handle.ToString());
    }

    private static long Now(BrokerBench bench) => bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static Task WaitingAsync(BrokerBench bench, long count) => Eventually.True(() => bench.Core.WaitingTimers == count);

    private static Task<RemotingResponse> SendAsync(BrokerClient client, string body, params (string Name, object Value)[] properties)
    {
        string text = string.Concat(properties.Select(property => string.Create(CultureInfo.InvariantCulture, $"{property.Name}\u0001{property.Value}\u0002")));
        return client.AskAsync(RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", text, 2)), Encoding.UTF8.GetBytes(body));
    }

    private static Task<RemotingResponse> RecallAsync(BrokerClient client, string topic, string handle) =>
        client.AskAsync(RequestCode.RecallMessage, new RecallMessageRequestHeader { ProducerGroup = "p", Topic = topic, RecallHandle = handle });
}
