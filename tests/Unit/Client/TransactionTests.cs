using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class TransactionTests
{
    [Fact]
    public async Task A_message_comes_when_its_transaction_commits_and_never_when_it_is_rolled_back()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using TransactionProducer producer = await StartAsync(cluster, _ => TransactionOutcome.Unknown);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");

        TransactionReceipt rolledBack = await producer.SendAsync(Message("never"), (_, _) => ValueTask.FromResult(TransactionOutcome.Rollback)).Within("rolled back");
        TransactionReceipt committed = await producer.SendAsync(Message("comes"), (receipt, _) =>
        {
            Assert.DoesNotContain(inbox.Texts, text => text == "comes");
            return ValueTask.FromResult(TransactionOutcome.Commit);
        }).Within("committed");
        Transaction byHand = await producer.BeginAsync(Message("by hand")).Within("half message stored");
        await byHand.CommitAsync().Within("committed by hand");
        await byHand.CommitAsync().Within("committed again");

        await inbox.WaitForAsync(2);
        Assert.Equal((true, TransactionOutcome.Commit), (committed.IsSettled, committed.Outcome));
        Assert.Equal((true, TransactionOutcome.Rollback), (rolledBack.IsSettled, rolledBack.Outcome));
        Assert.Equal(["by hand", "comes"], inbox.Texts.Order());
        Assert.Contains(inbox.All, message => message.MessageId == committed.Receipt.MessageId);
        Assert.Equal(TransactionOutcome.Commit, byHand.Outcome);
        await Assert.ThrowsAsync<InvalidOperationException>(() => byHand.RollbackAsync().AsTask());
    }

    [Fact]
    public async Task What_the_producer_left_open_is_settled_by_its_checker()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(options =>
        {
            options.TransactionTimeout = TimeSpan.FromSeconds(1);
            options.TransactionCheckInterval = TimeSpan.FromSeconds(1);
        });
        var asked = new ConcurrentQueue<string>();
        await using TransactionProducer producer = await StartAsync(cluster, half =>
        {
            string text = Encoding.UTF8.GetString(half.Body.Span);
            asked.Enqueue(text);
            return text switch
            {
                "commit" => TransactionOutcome.Commit,
                "throws once" when asked.Count(other => other == text) == 1 => throw new InvalidOperationException("the database is away"),
                "throws once" => TransactionOutcome.Commit,
                _ => TransactionOutcome.Rollback,
            };
        });
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");

        SendReceipt left = (await producer.BeginAsync(Message("commit")).Within("half message stored")).Receipt;
        await producer.BeginAsync(Message("rollback")).Within("half message stored");
        await Assert.ThrowsAsync<TimeoutException>(() => producer.SendAsync(Message("throws once"), (_, _) => throw new TimeoutException()).AsTask());

        await inbox.WaitForAsync(2, TimeSpan.FromSeconds(40));
        await Eventually.True(() => asked.Contains("rollback"), "the checker was asked about all");
        Assert.Equal(["commit", "throws once"], inbox.Texts.Order());
        Assert.Contains(inbox.All, message => message.MessageId == left.MessageId && message.Topic == "t");
    }

    [Fact]
    public async Task A_delayed_message_cannot_be_in_a_transaction()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using TransactionProducer producer = await StartAsync(cluster, _ => TransactionOutcome.Unknown);
        InvalidMessageException error = await Assert.ThrowsAsync<InvalidMessageException>(
            () => producer.BeginAsync(new Message("t", default) { DeliverAfter = TimeSpan.FromSeconds(1) }).AsTask());
        Assert.False(error.MayHaveHappened);
    }

    private static Message Message(string text) => new("t", Encoding.UTF8.GetBytes(text), "tag", "key");

    private static async Task<TransactionProducer> StartAsync(LocalCluster cluster, Func<ReceivedMessage, TransactionOutcome> checker)
    {
        var producer = new TransactionProducer(
            new TransactionProducerOptions { Group = "tp", Sending = { Client = { NameServers = cluster.NameServers } } },
            (half, _) => ValueTask.FromResult(checker(half)));
        await producer.StartAsync();
        return producer;
    }
}
