using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class CompactedTopics
{
    [Fact]
    public async Task A_topic_with_the_attribute_refuses_messages_without_a_key()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        Assert.Equal((ResponseCode.Success, null), await CreateAsync(client, "table", "+cleanup.policy=COMPACTION"));
        using RemotingResponse keyless = await client.SendAsync("table", "x");
        Assert.Equal((ResponseCode.MessageIllegal, "Required message key is missing"), (keyless.Code, keyless.Remark));
        using RemotingResponse blank = await SendAsync(client, " ", "x");
        Assert.Equal(ResponseCode.MessageIllegal, blank.Code);
        using RemotingResponse keyed = await SendAsync(client, "a", "x");
        Assert.Equal(ResponseCode.Success, keyed.Code);
        using RemotingResponse batch = await client.AskAsync(
            RequestCode.SendBatchMessage, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("table", null) with { Batch = true }), Batch("KEYS\u0001a\u0002", string.Empty));
        Assert.Equal((ResponseCode.MessageIllegal, "Required message key is missing"), (batch.Code, batch.Remark));
    }

    [Theory]
    [InlineData("+cleanup.policy=DELETE", "attempt to update an unchangeable attribute. key: cleanup.policy")]
    [InlineData("-cleanup.policy", "attempt to update an unchangeable attribute. key: cleanup.policy")]
    [InlineData("-reserve.time", "attempt to delete a nonexistent key: reserve.time")]
    [InlineData("+colour=red", "unsupported key: colour")]
    [InlineData("+message.type=LOUD", "value is not in set: [DELAY, FIFO, MIXED, NORMAL, TRANSACTION, UNSPECIFIED]")]
    [InlineData("cleanup.policy=DELETE", "add/alter attribute format is wrong: cleanup.policy=DELETE")]
    [InlineData("=", "add/alter attribute format is wrong: =")]
    public async Task Changes_that_cannot_be_made_are_refused_and_attributes_survive_a_restart(string change, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        Assert.Equal((ResponseCode.Success, null), await CreateAsync(bench.Connect(), "table", "+cleanup.policy=COMPACTION,+message.type=NORMAL"));
        Assert.Equal((ResponseCode.SystemError, remark), await CreateAsync(bench.Connect(), "table", change));
        Assert.Equal((ResponseCode.Success, null), await CreateAsync(bench.Connect(), "table", "+reserve.time=1000,-message.type"));
        await bench.RestartAsync();
        using RemotingResponse told = await bench.Connect().AskAsync(RequestCode.GetTopicConfig, new TopicConfigRequestHeader { Topic = "table" });
        TopicConfigData config = LenientJson.Read(told.Body.Span, RemotingJson.Bodies.TopicConfigData);
        Assert.Equal(new() { ["cleanup.policy"] = "COMPACTION", ["reserve.time"] = "1000" }, config.Attributes);
        Assert.Equal(("table", 1, 6), (config.TopicName, config.WriteQueues, config.Permission));
    }

    [Fact]
    public async Task A_pull_from_the_beginning_gives_what_is_kept_in_order_and_goes_on_behind_the_holes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await CreateAsync(client, "table", "+cleanup.policy=COMPACTION");
        foreach (string message in new[] { "a 1 red", "b 1 red", "a 2 red", "c 1 blue", "a 3 blue" })
        {
            string[] parts = message.Split(' ');
            using RemotingResponse sent = await SendAsync(client, parts[0], parts[1], parts[2]);
            Assert.Equal(ResponseCode.Success, sent.Code);
        }

        await ForgetLogAsync(bench);
        client = bench.Connect();
        using (await SendAsync(client, "d", "1", "red"))
        {
        }

        await Eventually.True(() => Has(bench, "d"), "d is dispatched");
        Assert.Equal((1, 6), (bench.Core.Offsets.Min("table", 0), bench.Core.Offsets.Max("table", 0)));
        Assert.Equal([(1L, "1"), (3L, "1"), (4L, "3"), (5L, "1")], await PullAsync(client, 0, "*", 6));
        Assert.Equal([(3L, "1"), (4L, "3"), (5L, "1")], await PullAsync(client, 2, "*", 6));
        Assert.Equal([(1L, "1"), (5L, "1")], await PullAsync(client, 0, "red", 6));
        Assert.Equal([(1L, "1")], await PullAsync(client, 0, "*", 3, max: 1));
        using RemotingResponse none = await client.PullAsync("table", 0, filter: "green");
        Assert.Equal((ResponseCode.PullRetryImmediately, 6L), (none.Code, none.Fields.GetInt64("nextBeginOffset"u8)));
        await bench.RestartAsync();
        Assert.Equal([(1L, "1"), (3L, "1"), (4L, "3"), (5L, "1")], await PullAsync(bench.Connect(), 0, "*", 6));
    }

    [Fact]
    public async Task A_topic_with_as_many_keys_as_it_may_have_takes_only_those()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxKeysPerTopic = 2);
        BrokerClient client = bench.Connect();
        await CreateAsync(client, "table", "+cleanup.policy=COMPACTION");
        foreach (string key in new[] { "a", "b" })
        {
            using RemotingResponse sent = await SendAsync(client, key, "1");
            Assert.Equal(ResponseCode.Success, sent.Code);
        }

        await Eventually.True(() => Has(bench, "b"), "b is dispatched");
        using RemotingResponse more = await SendAsync(client, "c", "1");
        Assert.Equal((ResponseCode.SystemBusy, "topic table has 2 keys, as many as it may: no new ones are taken"), (more.Code, more.Remark));
        using RemotingResponse again = await SendAsync(client, "b", "2");
        Assert.Equal(ResponseCode.Success, again.Code);
    }

    [Fact]
    public async Task A_topic_that_is_removed_is_not_compacted_any_more()
    {
        await using BrokerBench bench = BrokerBench.Open();
        bench.Core.Topics.Put(new BrokerTopic { Name = "table", Attributes = TopicAttributes.Compacted });
        using RemotingResponse sent = await SendAsync(bench.Connect(), "a", "1");
        await Eventually.True(() => Has(bench, "a"), "a is dispatched");
        bench.Core.Topics.Remove("table");
        Assert.False(Has(bench, "a"));
    }

    private static async Task<(int Code, string? Remark)> CreateAsync(BrokerClient client, string topic, string attributes)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.UpdateAndCreateTopic, new CreateTopicRequestHeader
        {
            Topic = topic,
            DefaultTopic = "TBW102",
            ReadQueues = 1,
            WriteQueues = 1,
            Permission = 6,
            FilterType = "SINGLE_TAG",
            SystemFlag = 0,
            Order = false,
            Attributes = attributes,
        });
        return (answer.Code, answer.Remark);
    }

    private static Task<RemotingResponse> SendAsync(BrokerClient client, string key, string body, string tag = "t") => client.AskAsync(
        RequestCode.SendMessageV2,
        new SendMessageRequestHeaderV2(BrokerClient.SendHeader("table", $"KEYS\u0001{key}\u0002TAGS\u0001{tag}\u0002")),
        Encoding.UTF8.GetBytes(body));

    private static async Task<List<(long Offset, string Body)>> PullAsync(BrokerClient client, long offset, string filter, long next, int max = 32)
    {
        using RemotingResponse pulled = await client.PullAsync("table", offset, filter: filter, max: max);
        Assert.Equal((ResponseCode.Success, next), (pulled.Code, pulled.Fields.GetInt64("nextBeginOffset"u8)));
        return [.. BrokerClient.Records(pulled).Select(record => (record.QueueOffset, record.Body))];
    }

    /// <summary>Fills a segment and deletes the one before.</summary>
    private static async Task ForgetLogAsync(BrokerBench bench)
    {
        BrokerTopic other = new() { Name = "other" };
        bench.Core.Topics.Put(other);
        for (int i = 0; i < 40; i++)
        {
            await bench.Core.SendAsync(new SendRequest { Topic = other, BornHost = bench.Core.StoreHost, Body = new byte[50_000] });
        }

        await bench.RestartAfterAsync(async () =>
        {
            var options = new StoreOptions { Directory = bench["."], SegmentSize = 1 << 20 };
            await using MessageStore store = MessageStore.Open(options);
            store.DeleteBefore(1 << 20, force: true);
            Assert.True(store.MinPhysicalOffset > 0);
        });
    }

    private static bool Has(BrokerBench bench, string key) => bench.Core.ReadLatest("table", 0, Encoding.UTF8.GetBytes(key), new Taker());

    private sealed class Taker : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record) => true;
    }

    private static byte[] Batch(params string[] properties)
    {
        var body = new byte[1024];
        int at = 0;
        foreach (string text in properties)
        {
            at += BatchBody.Write(body.AsSpan(at), 0, "body"u8, Encoding.UTF8.GetBytes(text));
        }

        return body[..at];
    }
}
