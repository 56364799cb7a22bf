using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class SendAndPull
{
    [Theory]
    [InlineData(RequestCode.SendMessage)]
    [InlineData(RequestCode.SendMessageV2)]
    public async Task What_is_sent_is_pulled_with_its_tag_flag_and_times(int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();

        using RemotingResponse sent = await client.SendAsync("orders", "hello", tag: "red", queueId: 3, code: code);
        using RemotingResponse pulled = await client.PullAsync("orders", 0, queueId: 3, hold: 5000);

        Assert.Equal(ResponseCode.Success, sent.Code);
        Assert.Equal(3, sent.Fields.GetInt32("queueId"u8));
        Assert.Equal(0, sent.Fields.GetInt64("queueOffset"u8));
        Assert.Equal("FOUND", pulled.Remark);
        Assert.Equal(1, pulled.Fields.GetInt64("nextBeginOffset"u8));
        Assert.Equal(0, pulled.Fields.GetInt64("minOffset"u8));
        Assert.Equal(1, pulled.Fields.GetInt64("maxOffset"u8));
        BrokerClient.Record record = Assert.Single(BrokerClient.Records(pulled));
        Assert.Equal(("orders", "hello", 7, 1L), (record.Topic, record.Body, record.Flag, record.BornTime));
        Assert.Contains("TAGS\u0001red", record.Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_message_id_is_the_brokers_address_and_the_physical_offset()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse first = await client.SendAsync("t", "1");
        using RemotingResponse second = await client.SendAsync("t", "2");

        Assert.Equal("7F00000100002A9F0000000000000000", first.Fields.GetString("msgId"u8));
        Assert.True(OffsetMessageId.TryParse(second.Fields.GetString("msgId"u8), out HostAddress host, out long offset));
        Assert.Equal(HostAddress.Loopback(10911), host);

        using RemotingResponse viewed = await client.AskAsync(RequestCode.ViewMessageById, new ViewMessageRequestHeader { Offset = offset });
        Assert.Equal("2", Assert.Single(BrokerClient.Records(viewed)).Body);
    }

    [Fact]
    public async Task The_unique_key_comes_back_as_the_transaction_id()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse sent = await bench.Connect().AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", "UNIQ_KEY\u0001ABC\u0002")), new byte[] { 1 });
        Assert.Equal("ABC", sent.Fields.GetString("transactionId"u8));
    }

    [Fact]
    public async Task A_batch_is_stored_in_order_and_answered_with_all_ids()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        byte[] body = new byte[1024];
        int length = 0;
        foreach (string text in (string[])["a", "bb", "ccc"])
        {
            length += BatchBody.Write(body.AsSpan(length), 0, Encoding.UTF8.GetBytes(text), "TAGS\u0001x\u0002"u8);
        }

        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendBatchMessage, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", null) with { Batch = true }), body.AsMemory(0, length));
        using RemotingResponse pulled = await client.PullAsync("t", 0, hold: 5000);
        List<BrokerClient.Record> records = BrokerClient.Records(pulled);

        Assert.Equal(["a", "bb", "ccc"], records.Select(record => record.Body));
        string[] ids = sent.Fields.GetString("msgId"u8).Split(',');
        Assert.Equal(records.Select(record => OffsetMessageId.Format(HostAddress.Loopback(10911), record.PhysicalOffset)), ids);
    }

    [Fact]
    public async Task A_pull_gets_only_the_tags_it_asks_for_and_goes_on_behind_the_others()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        foreach (string tag in (string[])["red", "blue", "green", "blue"])
        {
            using RemotingResponse sent = await client.SendAsync("t", tag, tag);
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 4);
        using RemotingResponse some = await client.PullAsync("t", 0, filter: "red || green");
        using RemotingResponse none = await client.PullAsync("t", 0, filter: "black");

        Assert.Equal(["red", "green"], BrokerClient.Records(some).Select(record => record.Body));
        Assert.Equal(4, some.Fields.GetInt64("nextBeginOffset"u8));
        Assert.Equal((ResponseCode.PullRetryImmediately, "NO_MATCHED_MESSAGE"), (none.Code, none.Remark));
        Assert.Equal(4, none.Fields.GetInt64("nextBeginOffset"u8));
    }

    [Fact]
    public async Task A_pull_ends_at_the_number_and_the_bytes_it_asks_for()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxPullBytes = 4096);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 10; i++)
        {
            using RemotingResponse sent = await client.SendAsync("t", new string('x', 1000));
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 10);
        using RemotingResponse two = await client.PullAsync("t", 0, max: 2);
        using RemotingResponse bytes = await client.PullAsync("t", 0, max: 100);
        Assert.Equal(2, BrokerClient.Records(two).Count);
        Assert.Equal(3, BrokerClient.Records(bytes).Count);
        Assert.Equal(3, bytes.Fields.GetInt64("nextBeginOffset"u8));
    }

    [Fact]
    public async Task An_offset_outside_of_the_queue_is_moved_into_it()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
            await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        }

        foreach ((long offset, string remark, long next) in ((long, string, long)[])[(-1, "OFFSET_TOO_SMALL", 0), (5, "OFFSET_OVERFLOW_BADLY", 1)])
        {
            using RemotingResponse moved = await client.PullAsync("t", offset);
            Assert.Equal((ResponseCode.PullOffsetMoved, remark, next), (moved.Code, moved.Remark, moved.Fields.GetInt64("nextBeginOffset"u8)));
        }

        using RemotingResponse empty = await client.PullAsync("t", 5, queueId: 1);
        Assert.Equal((ResponseCode.PullOffsetMoved, 0), (empty.Code, empty.Fields.GetInt64("nextBeginOffset"u8)));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        for (int i = 0; i < 20; i++)
        {
            using RemotingResponse sent = await bench.Connect().SendAsync("t", $"{i}");
        }

        await bench.RestartAsync();
        using RemotingResponse pulled = await bench.Connect().PullAsync("t", 0);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), BrokerClient.Records(pulled).Select(record => record.Body));
    }
}
