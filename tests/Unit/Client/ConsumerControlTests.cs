using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>What a running consumer is told to do, and what it tells.</summary>
public sealed class ConsumerControlTests
{
    [Fact]
    public async Task A_paused_consumer_reads_nothing_until_it_is_resumed()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        Inbox paused = new(), other = new();
        await using PushConsumer consumer = await ConsumerAsync(cluster, paused, "g");
        await using PushConsumer witness = await ConsumerAsync(cluster, other, "h");
        await SendManyAsync(producer, 3, "before");
        await paused.WaitForAsync(3);
        consumer.Pause();
        Assert.True(consumer.IsPaused);
        await SendManyAsync(producer, 20, "while paused");
        await other.WaitForAsync(23);
        Assert.Equal(3, paused.All.Count);
        consumer.Resume();
        await paused.WaitForAsync(23);
    }

    [Fact]
    public async Task One_queue_is_paused_by_itself()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", default)).Within("send completed");
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        await inbox.WaitForAsync(1);
        var one = new MessageQueue("t", "broker-a", 1);
        consumer.Pause(one);
        foreach (MessageQueue queue in Queues(consumer))
        {
            await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes(queue.ToString())), queue).Within("send completed");
        }

        await inbox.WaitForAsync(4);
        Assert.DoesNotContain(one.ToString(), inbox.Texts);
        consumer.Resume(one);
        await Eventually.True(() => inbox.Texts.Contains(one.ToString()), "the paused queue was read");
    }

    [Fact]
    public async Task An_expression_over_properties_selects()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendPricedAsync(producer, "makes the topic", 1);
        await Routed(cluster, "t");
        var inbox = new Inbox();
        var options = new PushConsumerOptions { Group = "g", From = ConsumeFrom.First, Client = { NameServers = cluster.NameServers } };
        await using var consumer = new PushConsumer(options, inbox.HandleAsync);
        consumer.Subscribe("t", MessageFilter.BySql("price > 5 AND TAGS = 'a'"));
        await consumer.StartAsync();
        await SendPricedAsync(producer, "cheap", 5);
        await SendPricedAsync(producer, "dear", 6);
        await SendPricedAsync(producer, "dearer", 70);
        await inbox.WaitForAsync(2);
        Assert.Equal(["dear", "dearer"], inbox.Texts.Order());

        await using var wrong = new PushConsumer(
            new PushConsumerOptions { Group = "w", Client = { NameServers = cluster.NameServers } }, inbox.HandleAsync);
        wrong.Subscribe("t", MessageFilter.BySql("price >"));
        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => wrong.StartAsync().Within("refused"));
        Assert.Equal(RefusalReason.FilterInvalid, refused.Reason);

        static Task SendPricedAsync(Producer producer, string text, int price)
            => producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes(text), "a") { Properties = { ["price"] = $"{price}" } }).Within("send completed");
    }

    [Fact]
    public async Task Progress_may_be_kept_by_the_application()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 10, "m");
        var store = new Offsets();
        var first = new Inbox();
        await using (PushConsumer consumer = await ConsumerAsync(cluster, first, "g", configure: options => options.OffsetStore = store))
        {
            await first.WaitForAsync(10);
        }

        Assert.Equal(10, store.Saved.Where(saved => saved.Key.Topic == "t").Sum(saved => saved.Value));
        store.Saved[new MessageQueue("t", "broker-a", 0)] = 0;
        var again = new Inbox();
        await using PushConsumer second = await ConsumerAsync(cluster, again, "g", configure: options => options.OffsetStore = store);
        await Eventually.True(() => again.All.Any(message => message.Queue.QueueId == 0), "the queue was read again");
        await SendManyAsync(producer, 4, "later");
        await Eventually.True(() => again.Texts.Count(text => text.StartsWith("later", StringComparison.Ordinal)) == 4, "the others went on");
        Assert.All(again.All, message => Assert.True(message.Queue.QueueId == 0 || Encoding.UTF8.GetString(message.Body.Span).StartsWith("later", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Hooks_see_what_is_sent_and_handled_and_may_throw()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        var hook = new Hook();
        await using Producer producer = await ProducerAsync(cluster, options => options.Hooks.Add(hook));
        var inbox = new Inbox(message => message.Tag == "bad" && message.ReconsumeTimes == 0 ? throw new InvalidOperationException("scripted") : ConsumeResult.Success);
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: options => options.Hooks.Add(hook));
        SendReceipt receipt = await producer.SendAsync(new Message("t", "m"u8.ToArray(), "bad")).Within("send completed");
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("t", new byte[5_000_000])).AsTask());
        await Eventually.True(() => hook.Seen.Count >= 6, "the hook saw all");
        string[] expected = ["sending ", $"sent {receipt.MessageId}", "handling", "handled False InvalidOperationException", "sending ", "failed False"];
        Assert.Equal(expected.Order(), hook.Seen.Take(6).Order());
    }

    private sealed class Hook : ISendHook, IConsumeHook
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public void Sending(Message message)
        {
            Seen.Enqueue("sending ");
            throw new InvalidOperationException("of the hook");
        }

        public void Sent(Message message, SendReceipt receipt, TimeSpan took) => Seen.Enqueue($"sent {receipt.MessageId}");

        public void Failed(Message message, ProtoBridgeMqException error, TimeSpan took) => Seen.Enqueue($"failed {error.MayHaveHappened}");

        public void Handling(ReceivedMessage message) => Seen.Enqueue("handling");

        public void Handled(ReceivedMessage message, ConsumeResult result, Exception? error, TimeSpan took)
            => Seen.Enqueue($"handled {result.IsSuccess} {error?.GetType().Name}");
    }

    private sealed class Offsets : IOffsetStore
    {
        public ConcurrentDictionary<MessageQueue, long> Saved { get; } = new();

        public ValueTask<long?> FindAsync(MessageQueue queue, CancellationToken cancellationToken)
            => ValueTask.FromResult(Saved.TryGetValue(queue, out long offset) ? offset : (long?)null);

        public ValueTask SaveAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
        {
            Saved[queue] = offset;
            return ValueTask.CompletedTask;
        }
    }
}
