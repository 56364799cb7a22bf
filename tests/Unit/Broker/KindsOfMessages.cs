using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class KindsOfMessages
{
    [Fact]
    public async Task Messages_of_a_batch_may_have_different_properties_flags_and_sizes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        byte[] body = Batch(("a", "TAGS\u0001x\u0002UNIQ_KEY\u0001U1\u0002"), (new string('b', 5000), "KEYS\u0001k1 k2\u0002UNIQ_KEY\u0001U2\u0002color\u0001blue\u0002"), ("c", ""));
        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendBatchMessage, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", "UNIQ_KEY\u0001U1,U2\u0002") with { Batch = true }), body);
        Assert.Equal((ResponseCode.Success, 3), (sent.Code, sent.Fields.GetString("msgId"u8).Split(',').Length));

        using RemotingResponse pulled = await client.PullAsync("t", 0, hold: 5000);
        List<BrokerClient.Record> records = BrokerClient.Records(pulled);
        Assert.Equal([1, 5000, 1], records.Select(record => record.Body.Length));
        Assert.Contains("TAGS\u0001x", records[0].Properties, StringComparison.Ordinal);
        Assert.Contains("color\u0001blue", records[1].Properties, StringComparison.Ordinal);
        using RemotingResponse found = await client.AskAsync(RequestCode.QueryMessage, Query("t", "k2"));
        Assert.Equal(5000, Assert.Single(BrokerClient.Records(found)).Body.Length);
    }

    [Theory]
    [InlineData("t", "DELAY\u00013\u0002", 0, "a batch may not have delayed messages")]
    [InlineData("t", "TIMER_DELAY_SEC\u00013\u0002", 0, "a batch may not have delayed messages")]
    [InlineData("t", "TRAN_MSG\u0001true\u0002", 0, "a batch may not have messages of a transaction")]
    [InlineData("t", "INNER_NUM\u00013\u0002", 0, PropertyScan.InnerBatch)]
    [InlineData("t", "", MessageSysFlag.InnerBatch | MessageSysFlag.NeedUnwrap, PropertyScan.InnerBatch)]
    [InlineData("%RETRY%g", "", 0, "batch request does not support retry group %RETRY%g")]
    public async Task A_batch_of_what_cannot_be_in_one_is_refused(string topic, string properties, int flag, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        SendMessageRequestHeader header = BrokerClient.SendHeader(topic, null) with { Batch = true, SystemFlag = flag };
        using RemotingResponse sent = await bench.Connect().AskAsync(RequestCode.SendBatchMessage, new SendMessageRequestHeaderV2(header), Batch(("a", ""), ("b", properties)));
        Assert.Equal((ResponseCode.MessageIllegal, remark), (sent.Code, sent.Remark));
        Assert.Equal(0, bench.Core.Offsets.Max(topic, 0));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("TAGS\u0001x", 1)]
    [InlineData("MY_CLUSTER\u0001DefaultCluster\u0002", 1)]
    [InlineData("TRACE_ON\u0001true\u0002CLUSTER\u0001DefaultCluster\u0002MSG_REGION\u0001DefaultRegion\u0002", 0)]
    public async Task Messages_of_clients_get_the_region_and_the_cluster_once(string properties, int added)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse sent = await client.AskAsync(RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", properties)), new byte[] { 1 });
        Assert.Equal(ResponseCode.Success, sent.Code);
        using RemotingResponse pulled = await client.PullAsync("t", 0, hold: 5000);
        string stored = Assert.Single(BrokerClient.Records(pulled)).Properties;
        string separator = properties.Length == 0 || properties.EndsWith('\u0002') ? string.Empty : "\u0002";
        Assert.StartsWith(
            properties + (added == 0 ? string.Empty : separator + "MSG_REGION\u0001DefaultRegion\u0002TRACE_ON\u0001true\u0002CLUSTER\u0001DefaultCluster\u0002"),
            stored,
            StringComparison.Ordinal);
        Assert.Equal(2, stored.Split("\u0002CLUSTER\u0001").Length);
    }

    [Fact]
    public async Task Topics_of_inner_batches_are_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(RequestCode.UpdateAndCreateTopic, new CreateTopicRequestHeader
        {
            Topic = "b",
            DefaultTopic = "TBW102",
            ReadQueues = 1,
            WriteQueues = 1,
            Permission = 6,
            FilterType = "SINGLE_TAG",
            Attributes = "+queue.type=BatchCQ",
        });
        Assert.NotEqual(ResponseCode.Success, answer.Code);
        Assert.Contains("BatchCQ are not supported", answer.Remark, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MessageSysFlag.Compressed)]
    [InlineData(MessageSysFlag.Compressed | MessageSysFlag.CompressionLz4)]
    [InlineData(MessageSysFlag.Compressed | MessageSysFlag.CompressionZstd)]
    [InlineData(MessageSysFlag.Compressed | MessageSysFlag.CompressionZlib)]
    public async Task A_compressed_body_and_its_kind_pass_unchanged(int flag)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        byte[] body = [0x78, 0x9C, 0x00, 0xFF, 0x28, 0xB5, 0x2F, 0xFD];
        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", null) with { SystemFlag = flag }), body);
        using RemotingResponse pulled = await client.PullAsync("t", 0, hold: 5000);
        Assert.Equal(RecordError.None, MessageRecord.TryRead(pulled.Body.Span, out MessageRecord record));
        Assert.Equal(flag, record.SysFlag);
        Assert.Equal(body, record.Body.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trace_is_found_by_the_ids_of_the_messages_it_tells_of(bool fromTheStart)
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.TraceTopic = fromTheStart);
        BrokerClient client = bench.Connect();
        Assert.Equal(fromTheStart, bench.Core.Topics.Find("RMQ_SYS_TRACE_TOPIC") is { ReadQueues: 1 });
        const string Ids = "7F0000010A1B18B4AAC2000000000001 7F0000010A1B18B4AAC2000000000002 order-7";
        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendMessageV2,
            new SendMessageRequestHeaderV2(BrokerClient.SendHeader("RMQ_SYS_TRACE_TOPIC", $"KEYS\u0001{Ids}\u0002UNIQ_KEY\u0001T1\u0002WAIT\u0001true\u0002")),
            Encoding.UTF8.GetBytes("Pub\u00011\u0001DefaultRegion"));
        Assert.Equal((ResponseCode.Success, null), (sent.Code, sent.Remark));
        using RemotingResponse pulled = await client.PullAsync("RMQ_SYS_TRACE_TOPIC", 0, hold: 5000);
        Assert.Single(BrokerClient.Records(pulled));
        foreach (string key in Ids.Split(' '))
        {
            using RemotingResponse found = await client.AskAsync(RequestCode.QueryMessage, Query("RMQ_SYS_TRACE_TOPIC", key));
            Assert.StartsWith("Pub", Assert.Single(BrokerClient.Records(found)).Body, StringComparison.Ordinal);
        }
    }

    private static QueryMessageRequestHeader Query(string topic, string key) => new()
    {
        Topic = topic,
        Key = key,
        MaxNum = 32,
        BeginTimestamp = 0,
        EndTimestamp = long.MaxValue,
    };

    private static byte[] Batch(params (string Body, string Properties)[] messages)
    {
        byte[] body = new byte[64 * 1024];
        int length = 0;
        foreach ((string text, string properties) in messages)
        {
            length += BatchBody.Write(body.AsSpan(length), 0, Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(properties));
        }

        return body[..length];
    }
}
