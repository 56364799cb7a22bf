using System.Text;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Transactions;

public class EndsOfTransactions
{
    [Fact]
    public async Task A_half_message_is_in_its_own_topic_and_says_where_it_is_meant_to_go()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "hello", queueId: 2);

        BrokerClient.Record record = await TheHalf(bench, 0);
        Assert.Equal((0L, 2), (half.Place, half.QueueId));
        Assert.Equal(("hello", 7), (record.Body, record.Flag));
        Assert.Contains("REAL_TOPIC\u0001t\u0002", record.Properties, StringComparison.Ordinal);
        Assert.Contains("REAL_QID\u00012\u0002", record.Properties, StringComparison.Ordinal);
        Assert.Contains("__transactionId__\u0001K1\u0002", record.Properties, StringComparison.Ordinal);
        Assert.Contains("TRAN_MSG\u0001true\u0002", record.Properties, StringComparison.Ordinal);
        Assert.Equal(0, bench.Core.Offsets.Max("t", 2));
    }

    [Fact]
    public async Task A_committed_message_counts_for_its_topic_and_a_half_message_does_not()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "hello");
        Assert.Null(Puts());
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        Assert.Equal(1, Puts());

        long? Puts() => bench.Core.Statistics.Find(new StatisticKey(StatisticKind.TopicPut, "t", string.Empty))?.Messages;
    }

    [Fact]
    public async Task A_commit_puts_the_message_into_its_topic_and_names_the_half_message_as_done()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "hello", queueId: 1);
        long born = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        bench.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));

        using RemotingResponse pulled = await producer.Client.PullAsync("t", 0, queueId: 1, hold: 5000);
        Assert.Equal(RecordError.None, MessageRecord.TryRead(pulled.Body.Span, out MessageRecord record));
        Assert.Equal("hello", Encoding.UTF8.GetString(record.Body));
        Assert.Equal(MessageSysFlag.TransactionCommit, record.SysFlag);
        Assert.Equal(half.PhysicalOffset, record.PreparedTransactionOffset);
        Assert.Equal(born, record.BornTimestamp);
        Assert.Equal("K1", PropertyText.GetString(record.Properties, "__transactionId__"u8));
        BrokerClient.Record op = await TheOnly(bench, "RMQ_SYS_TRANS_OP_HALF_TOPIC");
        Assert.Equal(("0,", "WAIT\u0001true\u0002TAGS\u0001d\u0002"), (op.Body, op.Properties));
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
    }

    [Fact]
    public async Task A_rolled_back_message_never_comes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        TransactionProducer producer = await new TransactionProducer(bench).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "no");

        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Rollback));
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
        using RemotingResponse contradicted = await producer.EndAsync(half, TransactionProducer.Commit);

        Assert.Equal(ResponseCode.SystemError, contradicted.Code);
        Assert.Contains("rolled back", contradicted.Remark, StringComparison.Ordinal);
        Assert.Equal(0, bench.Core.Offsets.Max("t", 0));
    }

    [Fact]
    public async Task An_end_that_is_told_twice_is_answered_alike_and_done_once()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "once");

        Task<int>[] ends = [.. Enumerable.Range(0, 5).Select(_ => producer.EndedAsync(half, TransactionProducer.Commit))];
        int[] codes = await Task.WhenAll(ends);
        Assert.All(codes, code => Assert.Equal(ResponseCode.Success, code));
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1, "the message is in its topic");
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
        Assert.Equal(1, bench.Core.Offsets.Max("t", 0));
    }

    [Fact]
    public async Task An_end_with_something_wrong_says_what()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "x");
        using RemotingResponse ordinary = await producer.Client.SendAsync("t", "ordinary");
        Assert.True(OffsetMessageId.TryParse(ordinary.Fields.GetString("msgId"u8), out _, out long other));

        async Task Says(string? remark, int code, Task<RemotingResponse> end)
        {
            using RemotingResponse answer = await end;
            Assert.Equal((code, remark), (answer.Code, answer.Remark));
        }

        await Says("The producer group wrong", ResponseCode.SystemError, producer.EndAsync(half, TransactionProducer.Commit, group: "others"));
        await Says("The transaction state table offset wrong", ResponseCode.SystemError, producer.EndAsync(half with { Place = 3 }, TransactionProducer.Commit));
        foreach (long nowhere in (long[])[-1, half.PhysicalOffset + 1, other, long.MaxValue])
        {
            await Says("Find prepared transaction message failed", ResponseCode.SystemError, producer.EndAsync(half with { PhysicalOffset = nowhere }, TransactionProducer.Commit));
        }

        await Says("commitOrRollback field wrong", ResponseCode.SystemError, producer.EndAsync(half, 4));
        await Says(null, ResponseCode.Success, producer.EndAsync(half, TransactionProducer.Unknown));
        Assert.Equal(1, bench.Core.Transactions.Open);
        Assert.Equal(1, bench.Core.Offsets.Max("t", 0));
    }

    [Fact]
    public async Task An_end_after_the_time_that_the_message_sets_for_it_is_refused_unless_the_broker_asked()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "x", more: "CHECK_IMMUNITY_TIME_IN_SECONDS\u000110\u0002");
        bench.Clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(ResponseCode.IllegalOperation, await producer.EndedAsync(half, TransactionProducer.Commit));
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit, asked: true));
    }

    [Fact]
    public async Task What_cannot_be_a_half_message_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxOpenTransactions = 2);
        var producer = new TransactionProducer(bench);

        async Task Says(int code, string remark, Task<RemotingResponse> send)
        {
            using RemotingResponse answer = await send;
            Assert.Equal((code, remark), (answer.Code, answer.Remark));
        }

        await Says(ResponseCode.MessageIllegal, "the message of a transaction may not be delayed", producer.TrySendHalfAsync("t", "x", more: "DELAY\u00013\u0002"));
        await Says(ResponseCode.MessageIllegal, "the message of a transaction may not be delayed", producer.TrySendHalfAsync("t", "x", more: "TIMER_DELAY_SEC\u00013\u0002"));
        SendMessageRequestHeader marked = BrokerClient.SendHeader("t", null) with { SystemFlag = MessageSysFlag.TransactionPrepared };
        await Says(
            ResponseCode.NoPermission,
            "the system flag says that the message is of a transaction, its property TRAN_MSG does not",
            producer.Client.AskAsync(RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(marked), new byte[] { 1 }));
        await producer.SendHalfAsync(bench, "t", "1", "K1");
        await producer.SendHalfAsync(bench, "t", "2", "K2");
        await Eventually.True(() => bench.Core.Transactions.Open == 2, "two transactions are open");
        await Says(ResponseCode.SystemBusy, "broker busy: 2 transactions are open, as many as may be", producer.TrySendHalfAsync("t", "3", "K3"));
    }

    [Fact]
    public async Task A_broker_that_rejects_transactions_says_so()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.RejectTransactions = true);
        using RemotingResponse refused = await new TransactionProducer(bench).TrySendHalfAsync("t", "x");
        Assert.Equal((ResponseCode.NoPermission, "the broker[127.0.0.1] sending transaction message is forbidden"), (refused.Code, refused.Remark));
    }

    [Fact]
    public async Task A_committed_message_can_be_sent_back_by_its_consumer()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "hard");
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        using RemotingResponse pulled = await producer.Client.PullAsync("t", 0, hold: 5000);

        using RemotingResponse back = await producer.Client.AskAsync(RequestCode.ConsumerSendMsgBack, new ConsumerSendMsgBackRequestHeader
        {
            Offset = Assert.Single(BrokerClient.Records(pulled)).PhysicalOffset,
            Group = "g",
            DelayLevel = -1,
            OriginTopic = "t",
            MaxReconsumeTimes = 16,
        });
        Assert.Equal(ResponseCode.Success, back.Code);
        using RemotingResponse dead = await producer.Client.PullAsync("%DLQ%g", 0, hold: 5000);
        Assert.Equal("hard", Assert.Single(BrokerClient.Records(dead)).Body);
    }

    internal static async Task<BrokerClient.Record> TheHalf(BrokerBench bench, long place)
    {
        using RemotingResponse pulled = await bench.Connect().PullAsync("RMQ_SYS_TRANS_HALF_TOPIC", place, max: 1, hold: 5000);
        return Assert.Single(BrokerClient.Records(pulled));
    }

    internal static async Task<BrokerClient.Record> TheOnly(BrokerBench bench, string topic)
    {
        using RemotingResponse pulled = await bench.Connect().PullAsync(topic, 0, hold: 5000);
        return Assert.Single(BrokerClient.Records(pulled));
    }
}
