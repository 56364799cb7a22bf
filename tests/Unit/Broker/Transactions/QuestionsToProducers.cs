using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Transactions;

public class QuestionsToProducers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_producer_is_asked_with_a_copy_of_the_half_message_and_its_answer_ends_it()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        TransactionProducer producer = await new TransactionProducer(bench, _ => TransactionProducer.Commit).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "hello", queueId: 3);

        await bench.AdvanceUntil(Interval, () => !producer.Questions.IsEmpty, "the producer is asked");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 3) == 1, "the message is in its topic");

        Assert.True(producer.Questions.TryPeek(out Question? question));
        Assert.Equal(("t", "hello", 3, half.Place + 1), (question.Topic, question.Body, question.QueueId, question.QueueOffset));
        Assert.Equal(("RMQ_SYS_TRANS_HALF_TOPIC", "broker-a"), (question.Header.Topic, question.Header.BrokerName));
        Assert.Equal(("K1", "K1", half.Place + 1), (question.Header.MessageId, question.Header.TransactionId, question.Header.TransactionStateTableOffset));
        Assert.True(OffsetMessageId.TryParse(question.Header.OffsetMessageId!, out _, out long offset));
        Assert.Equal(question.Header.CommitLogOffset, offset);
        Assert.Contains("TRANSACTION_CHECK_TIMES\u00011\u0002", question.Properties, StringComparison.Ordinal);
        BrokerClient.Record copy = await EndsOfTransactions.TheHalf(bench, half.Place + 1);
        Assert.Equal(question.Properties, copy.Properties);
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
    }

    [Fact]
    public async Task Nobody_is_asked_before_the_time_is_over()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.TransactionCheckInterval = TimeSpan.FromSeconds(1));
        TransactionProducer producer = await new TransactionProducer(bench).OnlineAsync();
        await producer.SendHalfAsync(bench, "t", "usual", "K1");
        await producer.SendHalfAsync(bench, "t", "patient", "K2", more: "CHECK_IMMUNITY_TIME_IN_SECONDS\u000120\u0002");
        await Eventually.True(() => bench.Core.Transactions.Open == 2, "two transactions are open");

        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2, bench.Core.Offsets.Max("RMQ_SYS_TRANS_HALF_TOPIC", 0));
        await bench.AdvanceUntil(TimeSpan.FromMilliseconds(100), () => producer.Questions.Any(question => question.Body == "patient"), "the patient one is asked about");
        Assert.True(bench.Clock.GetUtcNow() - new ManualClock().GetUtcNow() >= TimeSpan.FromSeconds(20));
        Assert.Contains(producer.Questions, question => question.Body == "usual");
    }

    [Fact]
    public async Task A_late_end_by_the_first_place_ends_what_was_asked_about_since()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        TransactionProducer producer = await new TransactionProducer(bench).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "late");
        await bench.AdvanceUntil(Interval, () => producer.Questions.Count >= 2, "the producer is asked twice");

        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
        Assert.True(producer.Questions.TryPeek(out Question? first));
        using RemotingResponse again = await producer.EndAsync(first.Header.TransactionStateTableOffset, first.Header.CommitLogOffset, "K1", TransactionProducer.Commit, asked: true);

        Assert.Equal(ResponseCode.Success, again.Code);
        Assert.Equal(1, bench.Core.Offsets.Max("t", 0));
    }

    [Fact]
    public async Task A_group_without_anybody_online_is_waited_for_without_counting()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.TransactionCheckMax = 2);
        Half half = await new TransactionProducer(bench).SendHalfAsync(bench, "t", "alone");
        await Eventually.True(() => bench.Core.Transactions.Open == 1, "one transaction is open");
        for (int i = 0; i < 10; i++)
        {
            bench.Clock.Advance(Interval);
        }

        TransactionProducer other = await new TransactionProducer(bench, _ => TransactionProducer.Commit).OnlineAsync(clientId: "producer@2");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(5), () => bench.Core.Offsets.Max("t", half.QueueId) == 1, "the message is in its topic");
        Assert.Contains("TRANSACTION_CHECK_TIMES\u00011\u0002", Assert.Single(other.Questions).Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_asked_about_too_often_is_put_aside_and_can_be_committed_still()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.TransactionCheckMax = 3);
        TransactionProducer producer = await new TransactionProducer(bench, _ => -1).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "undecided");

        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => bench.Core.Offsets.Max("TRANS_CHECK_MAX_TIME_TOPIC", 0) == 1, "the message is put aside");
        Assert.Equal(3, producer.Questions.Count);
        BrokerClient.Record aside = await EndsOfTransactions.TheOnly(bench, "TRANS_CHECK_MAX_TIME_TOPIC");
        Assert.Equal("undecided", aside.Body);
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");

        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        using RemotingResponse pulled = await producer.Client.PullAsync("t", 0, hold: 5000);
        Assert.Equal("undecided", Assert.Single(BrokerClient.Records(pulled)).Body);
        Assert.True(producer.Questions.TryPeek(out Question? first));
        using RemotingResponse again = await producer.EndAsync(first.Header.TransactionStateTableOffset, first.Header.CommitLogOffset, "K1", TransactionProducer.Commit, asked: true);
        Assert.Equal((ResponseCode.Success, 1L), (again.Code, bench.Core.Offsets.Max("t", 0)));
    }

    [Fact]
    public async Task What_was_put_aside_is_asked_about_again_when_somebody_resumes_it()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.TransactionCheckMax = 1);
        int answer = -1;
        TransactionProducer producer = await new TransactionProducer(bench, _ => Volatile.Read(ref answer)).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "undecided");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => bench.Core.Offsets.Max("TRANS_CHECK_MAX_TIME_TOPIC", 0) == 1, "the message is put aside");
        BrokerClient.Record aside = await EndsOfTransactions.TheOnly(bench, "TRANS_CHECK_MAX_TIME_TOPIC");

        Volatile.Write(ref answer, TransactionProducer.Commit);
        using RemotingResponse resumed = await ResumeAsync(producer, OffsetMessageId.Format(bench.Core.Store.Options.StoreHost, aside.PhysicalOffset));
        Assert.Equal((ResponseCode.Success, null), (resumed.Code, resumed.Remark));
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => bench.Core.Offsets.Max("t", half.QueueId) == 1, "the message is in its topic");
        Assert.Contains("TRANSACTION_CHECK_TIMES\u00011\u0002", producer.Questions.Last().Properties, StringComparison.Ordinal);
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
    }

    [Fact]
    public async Task What_was_not_put_aside_is_not_resumed()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        var producer = new TransactionProducer(bench);
        Half half = await producer.SendHalfAsync(bench, "t", "open");
        foreach (string? id in new[] { null, "", "nothing", OffsetMessageId.Format(bench.Core.Store.Options.StoreHost, 1 << 20), OffsetMessageId.Format(bench.Core.Store.Options.StoreHost, half.PhysicalOffset) })
        {
            using RemotingResponse refused = await ResumeAsync(producer, id);
            Assert.Equal(ResponseCode.SystemError, refused.Code);
            Assert.NotNull(refused.Remark);
        }

        Assert.Equal(1, bench.Core.Offsets.Max("RMQ_SYS_TRANS_HALF_TOPIC", 0));
    }

    private static Task<RemotingResponse> ResumeAsync(TransactionProducer producer, string? id) =>
        producer.Client.AskAsync(RequestCode.ResumeCheckHalfMessage, new ResumeCheckHalfMessageRequestHeader { Topic = "TRANS_CHECK_MAX_TIME_TOPIC", MessageId = id });

    [Fact]
    public async Task What_is_older_than_messages_are_kept_is_put_aside_without_a_question()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.RetentionTime = TimeSpan.FromMinutes(2));
        await new TransactionProducer(bench).SendHalfAsync(bench, "t", "old");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => bench.Core.Offsets.Max("TRANS_CHECK_MAX_TIME_TOPIC", 0) == 1, "the message is put aside");
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");
    }

    [Fact]
    public async Task No_more_are_asked_about_in_a_second_than_the_limit_says()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.MaxTransactionChecksPerSecond = 2);
        TransactionProducer producer = await new TransactionProducer(bench, _ => TransactionProducer.Rollback).OnlineAsync();
        for (int i = 0; i < 5; i++)
        {
            await producer.SendHalfAsync(bench, "t", $"{i}", $"K{i}");
        }

        await Eventually.True(() => bench.Core.Transactions.Open == 5, "five transactions are open");
        bench.Clock.Advance(Interval);
        await Eventually.True(() => producer.Questions.Count == 2, "two are asked about");
        await bench.AdvanceUntil(TimeSpan.FromMilliseconds(50), () => producer.Questions.Count == 5, "all are asked about");
        Assert.True(bench.Clock.GetUtcNow() - new ManualClock().GetUtcNow() >= Interval + TimeSpan.FromSeconds(2));
        Assert.Equal(["0", "1", "2", "3", "4"], producer.Questions.Select(question => question.Body));
    }

    [Fact]
    public async Task Members_of_a_group_are_asked_in_turn_and_one_that_went_is_not()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        TransactionProducer one = await new TransactionProducer(bench, _ => -1).OnlineAsync(clientId: "p@1");
        TransactionProducer two = await new TransactionProducer(bench, _ => -1).OnlineAsync(clientId: "p@2");
        await one.SendHalfAsync(bench, "t", "x");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => !one.Questions.IsEmpty && !two.Questions.IsEmpty, "both are asked");

        await one.Client.DisposeAsync();
        int before = one.Questions.Count;
        int seen = two.Questions.Count;
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => two.Questions.Count >= seen + 2, "the other is asked");
        Assert.Equal(before, one.Questions.Count);
    }
}
