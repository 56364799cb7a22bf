using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>The SDK's producers and Apache RocketMQ's brokers.</summary>
public sealed class Producing : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Messages_sent_in_three_ways_are_stored_with_their_fields()
    {
        string topic = await TopicAsync("ways");
        await using Producer producer = await ProducerAsync();

        Message full = Message(topic, "asynchronous", "kitchen", "k1 k2");
        full.Flag = 7;
        full.Properties["unit"] = "celsius";
        SendReceipt receipt = await producer.SendAsync(full);
        SendReceipt synchronous = Send(producer, Message(topic, "synchronous"));
        await producer.SendOneWayAsync(Message(topic, "one way"));

        Assert.Equal((SendStatus.Ok, SendStatus.Ok), (receipt.Status, synchronous.Status));
        List<ReceivedMessage> stored = await ReadAllAsync(topic, 3);
        Assert.Equal(["asynchronous", "one way", "synchronous"], stored.Select(Text).Order(StringComparer.Ordinal));
        ReceivedMessage message = stored.First(found => Text(found) == "asynchronous");
        Assert.Equal(("kitchen", "k1 k2", 7, "celsius"), (message.Tag, message.Keys, message.Flag, message.Properties["unit"]));
        Assert.Equal((receipt.MessageId, receipt.OffsetMessageId), (message.MessageId, message.OffsetMessageId));
        Assert.Equal((receipt.Queue, receipt.QueueOffset), (message.Queue, message.QueueOffset));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_topic_is_created_by_sending_to_it()
    {
        string topic = ApacheCluster.Name("bysending");
        await using Producer producer = await ProducerAsync();

        SendReceipt receipt = await producer.SendAsync(Message(topic, "first"));

        Assert.Equal(topic, receipt.Queue.Topic);
        await Eventually.TrueAsync(async () => await Admin.FindRouteAsync(topic) is { WriteQueues.Count: 4 }, "the name servers know four queues", Patience);
        await ReadAllAsync(topic, 1);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_batch_is_cut_into_requests_and_stored_in_order()
    {
        string topic = await TopicAsync("batch");
        await using Producer producer = await ProducerAsync(options => options.MaxBatchSize = 16 * 1024);
        List<Message> batch = [.. Enumerable.Range(0, 200).Select(number => Message(topic, number.ToString(CultureInfo.InvariantCulture).PadRight(500, 'x'), "t", $"k{number}"))];

        IReadOnlyList<SendReceipt> receipts = await producer.SendBatchAsync(batch);

        Assert.Equal(200, receipts.Count);
        Assert.Equal(200, receipts.Select(receipt => receipt.MessageId).Distinct().Count());
        List<ReceivedMessage> stored = await ReadAllAsync(topic, 200);
        Assert.Equal(batch.Select(message => message.Keys).Order(), stored.Select(message => message.Keys).Order());
        var byId = stored.ToDictionary(message => message.MessageId);
        for (int i = 0; i < batch.Count; i++)
        {
            ReceivedMessage message = byId[receipts[i].MessageId];
            Assert.Equal((batch[i].Keys, receipts[i].Queue, receipts[i].QueueOffset), (message.Keys, message.Queue, message.QueueOffset));
            Assert.Equal(receipts[i].OffsetMessageId, message.OffsetMessageId);
        }
    }

    [FactWhen(Needs.Apache)]
    public async Task Messages_of_a_key_are_in_one_queue_in_their_order()
    {
        string topic = await TopicAsync("keyed", 8);
        await using Producer producer = await ProducerAsync();
        string[] keys = ["one", "two", "three"];

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => producer.SendAsync(Message(topic, $"{number / 3}", keys[number % 3]), keys[number % 3]).AsTask()));

        List<ReceivedMessage> stored = await ReadAllAsync(topic, 60);
        foreach (string key in keys)
        {
            ReceivedMessage[] of = [.. stored.Where(message => message.Tag == key)];
            Assert.Single(of.Select(message => message.Queue).Distinct());
            Assert.Equal(Enumerable.Range(0, 20).Select(number => $"{number}"), of.OrderBy(message => message.QueueOffset).Select(Text));
        }
    }

    [FactWhen(Needs.Apache)]
    public async Task A_large_body_travels_compressed_and_a_too_large_one_is_refused_here()
    {
        string topic = await TopicAsync("large");
        await using Producer producer = await ProducerAsync();
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("all the same ", 100_000)));

        SendReceipt receipt = await producer.SendAsync(new Message(topic, body));
        Assert.Equal(SendStatus.Ok, receipt.Status);
        ReceivedMessage stored = Assert.Single(await ReadAllAsync(topic, 1));
        Assert.Equal(body, stored.Body.ToArray());

        InvalidMessageException refused = await Assert.ThrowsAsync<InvalidMessageException>(
            () => producer.SendAsync(new Message(topic, new byte[(4 * 1024 * 1024) + 1])).AsTask());
        Assert.False(refused.MayHaveHappened);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_body_over_the_brokers_limit_says_what_the_broker_said()
    {
        string topic = await TopicAsync("overlimit");
        await using var wide = new ClusterConnection(new ClientOptions { NameServers = ApacheCluster.NameServers, MaxBodySize = 8 * 1024 * 1024 });
        await using var sender = new Producer(wide, new ProducerOptions { CompressOver = int.MaxValue });
        await sender.StartAsync();

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => sender.SendAsync(new Message(topic, new byte[5 * 1024 * 1024])).AsTask());

        Assert.Equal(RefusalReason.InvalidRequest, refused.Reason);
        Assert.False(refused.MayHaveHappened);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_delayed_message_comes_after_its_delay()
    {
        string topic = await TopicAsync("delayed");
        await using Producer producer = await ProducerAsync();
        await using var member = new Member(Group(ApacheCluster.Name("delayed")));
        await member.StartAsync(topic);
        Message delayed = Message(topic, "later", "kitchen");
        delayed.DelayLevel = 2;

        DateTimeOffset sent = TimeProvider.System.GetUtcNow();
        await producer.SendAsync(delayed);
        await producer.SendAsync(Message(topic, "now"));

        await member.HasAsync(2, Patience);
        Assert.Equal(["now", "later"], member.Bodies);
        ReceivedMessage late = member.Messages.Last();
        Assert.Equal((topic, "kitchen"), (late.Topic, late.Tag));
        Assert.True(late.StoredAt - sent > TimeSpan.FromSeconds(4), $"stored after {late.StoredAt - sent}");
    }

    [FactWhen(Needs.Apache)]
    public async Task A_time_is_kept_by_a_broker_of_5_and_a_recall_calls_it_back()
    {
        string topic = await TopicAsync("timed");
        await using Producer producer = await ProducerAsync();
        Message timed = Message(topic, "timed");
        timed.DeliverAfter = TimeSpan.FromSeconds(3);
        SendReceipt receipt = await producer.SendAsync(timed);

        if (await IsFourAsync())
        {
            // A broker of 4 knows no times: it delivers at once, and calls nothing back.
            Assert.Null(receipt.RecallHandle);
            ReceivedMessage atOnce = Assert.Single(await ReadAllAsync(topic, 1));
            Assert.True(atOnce.StoredAt - atOnce.BornAt < TimeSpan.FromSeconds(2));
            return;
        }

        ReceivedMessage late = Assert.Single(await ReadAllAsync(topic, 1));
        Assert.True(late.StoredAt - late.BornAt > TimeSpan.FromSeconds(2));
        Message recalled = Message(topic, "recalled");
        recalled.DeliverAfter = TimeSpan.FromMinutes(1);
        SendReceipt sent = await producer.SendAsync(recalled);
        Assert.Equal(sent.MessageId, await producer.RecallAsync(topic, sent.RecallHandle!));
    }

    [FactWhen(Needs.Apache)]
    public async Task Committed_messages_are_seen_rolled_back_ones_are_not_and_the_broker_asks_about_others()
    {
        string topic = await TopicAsync("transactions");
        var asked = new ConcurrentDictionary<string, int>();
        await using var producer = new TransactionProducer(
            Connection,
            new TransactionProducerOptions { Group = ApacheCluster.Name("transactions") },
            (half, _) =>
            {
                int times = asked.AddOrUpdate(Text(half), 1, static (_, before) => before + 1);
                return ValueTask.FromResult(Text(half) switch
                {
                    "checked" => TransactionOutcome.Commit,
                    "twice" => times > 1 ? TransactionOutcome.Commit : TransactionOutcome.Unknown,
                    _ => TransactionOutcome.Rollback,
                });
            });
        await producer.StartAsync();

        foreach ((string body, TransactionOutcome outcome) in new[]
        {
            ("committed", TransactionOutcome.Commit), ("rolled back", TransactionOutcome.Rollback), ("checked", TransactionOutcome.Unknown),
            ("twice", TransactionOutcome.Unknown), ("never", TransactionOutcome.Unknown),
        })
        {
            TransactionReceipt sent = await producer.SendAsync(Message(topic, body, "t", body), (_, _) => ValueTask.FromResult(outcome));
            Assert.Equal(outcome, sent.Outcome);
        }

        // The default of a broker is to look once in a minute (30 s from 5 on).
        List<ReceivedMessage> stored = [];
        await Eventually.TrueAsync(async () => (stored = await ReadAllAsync(topic)).Count >= 3 && asked.ContainsKey("never"), "the broker asked", TimeSpan.FromMinutes(3));
        Assert.Equal(["checked", "committed", "twice"], stored.Select(Text).Order(StringComparer.Ordinal));
        Assert.False(asked.ContainsKey("committed") || asked.ContainsKey("rolled back"));
        Assert.All(stored, message => Assert.Equal((topic, "t", Text(message)), (message.Topic, message.Tag, message.Keys)));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_request_gets_its_reply_and_a_silent_one_times_out()
    {
        string topic = await TopicAsync("asked");
        await using Producer producer = await ProducerAsync();
        await using var replying = new PushConsumer(new PushConsumerOptions { Client = Client(), Group = ApacheCluster.Name("replying"), From = ConsumeFrom.First }, async (request, token) =>
        {
            if (Text(request) != "silence")
            {
                await producer.ReplyAsync(request, Encoding.UTF8.GetBytes($"re: {Text(request)}"), token);
            }

            return ConsumeResult.Success;
        });
        replying.Subscribe(topic);
        await replying.StartAsync();

        ReceivedMessage[] replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => producer.RequestAsync(Message(topic, $"{number}"), Patience).AsTask()));
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"re: {number}"), replies.Select(Text));

        await Assert.ThrowsAsync<RequestTimeoutException>(() => producer.RequestAsync(Message(topic, "silence"), TimeSpan.FromSeconds(2)).AsTask());
    }

    [FactWhen(Needs.Apache)]
    public async Task The_trace_of_a_message_says_who_sent_and_handled_it()
    {
        string topic = await TopicAsync("traced");
        ClientOptions client = Client();
        client.Trace = true;
        await using var connection = new ClusterConnection(client);
        await using var producer = new Producer(connection, new ProducerOptions { Group = "tracing" });
        await producer.StartAsync();
        SendReceipt receipt = await producer.SendAsync(Message(topic, "traced", "t", "k"));
        PushConsumerOptions options = Group(ApacheCluster.Name("traced"));
        options.Client = client;
        await using var member = new Member(options);
        await member.StartAsync(topic);
        await member.HasAsync(1, Patience);

        await Eventually.TrueAsync(
            async () =>
            {
                IReadOnlyList<ReceivedMessage> traces = await Admin.Messages.FindByKeyAsync("RMQ_SYS_TRACE_TOPIC", receipt.MessageId);
                string all = string.Concat(traces.Select(Text));
                return all.Contains("Pub", StringComparison.Ordinal) && all.Contains("SubBefore", StringComparison.Ordinal) && all.Contains("SubAfter", StringComparison.Ordinal);
            },
            "the message's trace has all three lines",
            Patience);
    }

    private static SendReceipt Send(Producer producer, Message message) => producer.Send(message);
}
