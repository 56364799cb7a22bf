using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Transactions;

public class CrashesOfTransactions
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task After_a_kill_the_open_ones_are_asked_about_and_the_ended_ones_are_not()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        var producer = new TransactionProducer(bench);
        Half committed = await producer.SendHalfAsync(bench, "t", "committed", "K1");
        Half rolledBack = await producer.SendHalfAsync(bench, "t", "rolled back", "K2");
        await producer.SendHalfAsync(bench, "t", "open", "K3");
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(committed, TransactionProducer.Commit));
        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(rolledBack, TransactionProducer.Rollback));

        await bench.CrashAsync();
        Assert.Equal(1, bench.Core.Transactions.Open);
        TransactionProducer after = await new TransactionProducer(bench, _ => TransactionProducer.Commit).OnlineAsync();
        await bench.AdvanceUntil(Step, () => bench.Core.Offsets.Max("t", 0) == 2, "the open one is committed");

        Assert.Equal("open", Assert.Single(after.Questions).Body);
        Assert.Equal(["committed", "open"], await Bodies(bench));
    }

    [Fact]
    public async Task After_a_kill_between_question_and_answer_the_answer_counts()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        TransactionProducer producer = await new TransactionProducer(bench, _ => -1).OnlineAsync();
        Half half = await producer.SendHalfAsync(bench, "t", "asked");
        await bench.AdvanceUntil(Step, () => producer.Questions.Count == 1, "the producer is asked");
        Assert.True(producer.Questions.TryPeek(out Question? question));

        await bench.CrashAsync();
        Assert.Equal(1, bench.Core.Transactions.Open);
        var after = new TransactionProducer(bench);
        using RemotingResponse ended = await after.EndAsync(question.Header.TransactionStateTableOffset, question.Header.CommitLogOffset, "K1", TransactionProducer.Commit, asked: true);
        Assert.Equal(ResponseCode.Success, ended.Code);
        await Eventually.True(() => bench.Core.Transactions.Open == 0, "no transaction is open");

        await bench.CrashAsync();
        Assert.Equal(0, bench.Core.Transactions.Open);
        Assert.Equal(["asked"], await Bodies(bench));
        using RemotingResponse late = await new TransactionProducer(bench).EndAsync(half, TransactionProducer.Commit);
        Assert.Equal(ResponseCode.SystemError, late.Code);
        Assert.Equal(["asked"], await Bodies(bench));
    }

    [Fact]
    public async Task A_restart_reads_no_more_than_what_is_open_still()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        var producer = new TransactionProducer(bench);
        for (int i = 0; i < 20; i++)
        {
            Half half = await producer.SendHalfAsync(bench, "t", $"{i}", $"K{i}");
            Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, TransactionProducer.Commit));
        }

        Half last = await producer.SendHalfAsync(bench, "t", "last", "K20");
        await Eventually.True(() => bench.Core.Transactions.Open == 1, "one transaction is open");
        await bench.RestartAsync();

        string table = await File.ReadAllTextAsync(bench["config/consumerOffset.json"]);
        Assert.Contains("\"RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS\":{0:20", table, StringComparison.Ordinal);
        Assert.Contains("\"RMQ_SYS_TRANS_OP_HALF_TOPIC@CID_RMQ_SYS_TRANS\":{0:20", table, StringComparison.Ordinal);
        Assert.Equal(1, bench.Core.Transactions.Open);
        Assert.Equal(ResponseCode.Success, await new TransactionProducer(bench).EndedAsync(last, TransactionProducer.Rollback));
    }

    [Fact]
    public async Task A_client_that_commits_progress_of_the_brokers_own_group_hides_no_transaction()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench();
        var producer = new TransactionProducer(bench);
        await producer.SendHalfAsync(bench, "t", "open");
        await Eventually.True(() => bench.Core.Transactions.Open == 1, "one transaction is open");
        using RemotingResponse committed = await producer.Client.AskAsync(
            RequestCode.UpdateConsumerOffset,
            new UpdateConsumerOffsetRequestHeader { ConsumerGroup = "CID_RMQ_SYS_TRANS", Topic = "RMQ_SYS_TRANS_HALF_TOPIC", QueueId = 0, CommitOffset = 1 });

        await bench.CrashAsync();
        Assert.Equal(1, bench.Core.Transactions.Open);
    }

    /// <summary>Transactions of any outcome, with kills and restarts at any time: what was answered holds.</summary>
    [Fact]
    public Task Whatever_is_killed_when_nothing_acknowledged_is_lost_and_nothing_rolled_back_comes() => Seeded.RunAsync(async random =>
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(options => options.TransactionCheckMax = 1000);
        var fates = new Dictionary<string, int>();
        var ended = new HashSet<string>();
        int Answer(Question question) => fates[question.Body];
        TransactionProducer producer = await new TransactionProducer(bench, Answer).OnlineAsync();
        for (int round = 0; round < 6; round++)
        {
            for (int i = random.Next(1, 8); i > 0; i--)
            {
                string body = $"{fates.Count}";
                fates.Add(body, random.Next(2) == 0 ? TransactionProducer.Commit : TransactionProducer.Rollback);
                Half half = await producer.SendHalfAsync(bench, "t", body, $"K{body}");
                if (random.Next(3) > 0)
                {
                    Assert.Equal(ResponseCode.Success, await producer.EndedAsync(half, fates[body]));
                    ended.Add(body);
                }
            }

            if (random.Next(2) == 0)
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(random.Next(1, 40)));
            }

            await (random.Next(3) == 0 ? bench.RestartAsync() : bench.CrashAsync());
            producer = await new TransactionProducer(bench, Answer).OnlineAsync();
        }

        await bench.AdvanceUntil(Step, () => bench.Core.Transactions.Open == 0, "every transaction has ended");
        List<string> bodies = await Bodies(bench);
        Assert.Equal(fates.Where(fate => fate.Value == TransactionProducer.Commit).Select(fate => fate.Key).Order(), bodies.Distinct().Order());
        Assert.All(ended, body => Assert.True(bodies.Count(other => other == body) <= 1, $"{body} was answered and came twice"));
    });

    private static async Task<List<string>> Bodies(BrokerBench bench)
    {
        if (bench.Core.Offsets.Max("t", 0) == 0)
        {
            return [];
        }

        using RemotingResponse pulled = await bench.Connect().PullAsync("t", 0, max: 1000, hold: 5000);
        return [.. BrokerClient.Records(pulled).Select(record => record.Body)];
    }
}
