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
        await using ApacheTopic topic = await TopicAsync("ways");

        Message full = topic.Message("asynchronous", "kitchen", "k1 k2");
        full.Flag = 7;
        full.Properties["unit"] = "celsius";
        SendReceipt receipt = await topic.Producer.SendAsync(full);
        SendReceipt synchronous = Send(topic.Producer, topic.Message("synchronous"));
        await topic.Producer.SendOneWayAsync(topic.Message("one way"));

        Assert.Equal((SendStatus.Ok, SendStatus.Ok), (receipt.Status, synchronous.Status));
        List<ReceivedMessage> stored = await topic.ReadAllAsync(3);
        Assert.Equal(["asynchronous", "one way", "synchronous"], stored.Select(Text).Order(StringComparer.Ordinal));
        ReceivedMessage message = stored.First(found => Text(found) == "asynchronous");
        Assert.Equal(("kitchen", "k1 k2", 7, "celsius"), (message.Tag, message.Keys, message.Flag, message.Properties["unit"]));
        Assert.Equal((receipt.MessageId, receipt.OffsetMessageId), (message.MessageId, message.OffsetMessageId));
        Assert.Equal((receipt.Queue, receipt.QueueOffset), (message.Queue, message.QueueOffset));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_topic_is_created_by_sending_to_it()
    {
        await using ApacheTopic other = await TopicAsync("other");
        string topic = ApacheCluster.Name("bysending");

        SendReceipt receipt = await other.Producer.SendAsync(new Message(topic, "first"u8.ToArray()));

        Assert.Equal(topic, receipt.Queue.Topic);
        await Eventually.TrueAsync(async () => await Admin.FindRouteAsync(topic) is { WriteQueues.Count: >= 4 }, "the name servers know its queues", Patience);
        await Eventually.TrueAsync(async () => (await Admin.GetTopicEndsAsync(topic)).Sum(queue => queue.End) == 1, "it has the message", Patience);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_batch_is_cut_into_requests_and_stored_in_order()
    {
        await using ApacheTopic topic = await TopicAsync("batch", change: options => options.MaxBatchSize = 16 * 1024);
        List<Message> batch = [.. Enumerable.Range(0, 200).Select(number => topic.Message(number.ToString(CultureInfo.InvariantCulture).PadRight(500, 'x'), "t", $"k{number}"))];

        IReadOnlyList<SendReceipt> receipts = await topic.Producer.SendBatchAsync(batch);

        Assert.Equal(200, receipts.Count);
        Assert.Equal(200, receipts.Select(receipt => receipt.MessageId).Distinct().Count());
        List<ReceivedMessage> stored = await topic.ReadAllAsync(200);
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
        await using ApacheTopic topic = await TopicAsync("keyed", 8);
        string[] keys = ["one", "two", "three"];

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => topic.Producer.SendAsync(topic.Message($"{number / 3}", keys[number % 3]), keys[number % 3]).AsTask()));

        List<ReceivedMessage> stored = await topic.ReadAllAsync(60);
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
        await using ApacheTopic topic = await TopicAsync("large");
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("all the same ", 100_000)));

        SendReceipt receipt = await topic.Producer.SendAsync(new Message(topic.Name, body));
        Assert.Equal(SendStatus.Ok, receipt.Status);
        ReceivedMessage stored = Assert.Single(await topic.ReadAllAsync(1));
        Assert.Equal(body, stored.Body.ToArray());

        InvalidMessageException refused = await Assert.ThrowsAsync<InvalidMessageException>(
            () => topic.Producer.SendAsync(new Message(topic.Name, new byte[(4 * 1024 * 1024) + 1])).AsTask());
        Assert.False(refused.MayHaveHappened);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_body_over_the_brokers_limit_says_what_the_broker_said()
    {
        await using ApacheTopic topic = await TopicAsync("overlimit");
        await using var wide = new ClusterConnection(new ClientOptions { NameServers = ApacheCluster.NameServers, MaxBodySize = 8 * 1024 * 1024 });
        await using var sender = new Producer(wide, new ProducerOptions { CompressOver = int.MaxValue });
        await sender.StartAsync();

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => sender.SendAsync(new Message(topic.Name, new byte[5 * 1024 * 1024])).AsTask());

        Assert.Equal(RefusalReason.InvalidRequest, refused.Reason);
        Assert.False(refused.MayHaveHappened);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_delayed_message_comes_after_its_delay()
    {
        await using ApacheTopic topic = await TopicAsync("delayed");
        await using Member member = await topic.MemberAsync();
        Message delayed = topic.Message("later", "kitchen");
        delayed.DelayLevel = 2;

        DateTimeOffset sent = TimeProvider.System.GetUtcNow();
        await topic.Producer.SendAsync(delayed);
        await topic.Producer.SendAsync(topic.Message("now"));

        await member.HasAsync(2, Patience);
        Assert.Equal(["now", "later"], member.Bodies);
        ReceivedMessage late = member.Messages.Last();
        Assert.Equal((topic.Name, "kitchen"), (late.Topic, late.Tag));
        Assert.True(late.StoredAt - sent > TimeSpan.FromSeconds(4), $"stored after {late.StoredAt - sent}");
    }

    [FactWhen(Needs.Apache)]
    public async Task A_time_is_kept_by_a_broker_of_5_and_one_of_4_is_not_sent_such_a_message()
    {
        await using ApacheTopic topic = await TopicAsync("timed");
        Message timed = topic.Message("timed", "t", "k");
        timed.DeliverAfter = TimeSpan.FromSeconds(3);
        if (await IsFourAsync())
        {
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => topic.Producer.SendAsync(timed).AsTask());
            Assert.Equal((RefusalReason.Unsupported, false), (refused.Reason, refused.MayHaveHappened));
            Assert.Contains("DelayLevel", refused.Message, StringComparison.Ordinal);
            Assert.Empty(await topic.ReadAllAsync());
            return;
        }

        await using Member member = await topic.MemberAsync();
        SendReceipt receipt = await topic.Producer.SendAsync(timed);
        Message at = topic.Message("at");
        at.DeliverAt = TimeProvider.System.GetUtcNow().AddSeconds(6);
        await topic.Producer.SendAsync(at);
        await topic.Producer.SendAsync(topic.Message("now"));

        await member.HasAsync(3, Patience);
        Assert.Equal(["now", "timed", "at"], member.Bodies);
        ReceivedMessage late = member.Messages.First(message => Text(message) == "timed");
        Assert.Equal((topic.Name, "t", "k", receipt.MessageId), (late.Topic, late.Tag, late.Keys, late.MessageId));
        Assert.True(late.StoredAt - late.BornAt > TimeSpan.FromSeconds(2), $"stored after {late.StoredAt - late.BornAt}");
        Assert.NotNull(receipt.RecallHandle);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_message_is_called_back_where_the_broker_can_and_the_refusal_says_what_it_needs_where_not()
    {
        await using ApacheTopic topic = await TopicAsync("recalled");
        string broker = (await Admin.ListBrokersAsync())[0].Name;
        if (await IsFourAsync())
        {
            string handle = Convert.ToBase64String(Encoding.UTF8.GetBytes($"v1 {topic.Name} {broker} 4102444800000 KEY")).Replace('+', '-').Replace('/', '_');
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => topic.Producer.RecallAsync(topic.Name, handle).AsTask());
            Assert.Equal(RefusalReason.Unsupported, refused.Reason);
            Assert.Contains("5.3.2", refused.Message, StringComparison.Ordinal);
            return;
        }

        await using Member member = await topic.MemberAsync();
        Message recalled = topic.Message("recalled");
        recalled.DeliverAfter = TimeSpan.FromSeconds(12);
        SendReceipt sent = await topic.Producer.SendAsync(recalled);
        await Admin.Brokers.SetConfigAsync(broker, new Dictionary<string, string> { ["recallMessageEnable"] = "false" });
        try
        {
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => topic.Producer.RecallAsync(topic.Name, sent.RecallHandle!).AsTask());
            Assert.Equal(RefusalReason.NotPermitted, refused.Reason);
            Assert.Contains("recallMessageEnable", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            await Admin.Brokers.SetConfigAsync(broker, new Dictionary<string, string> { ["recallMessageEnable"] = "true" });
        }

        Assert.Equal(sent.MessageId, await topic.Producer.RecallAsync(topic.Name, sent.RecallHandle!));
        Message after = topic.Message("after");
        after.DeliverAfter = TimeSpan.FromSeconds(15);
        await topic.Producer.SendAsync(after);
        await member.HasAsync(1, Patience);
        Assert.Equal(["after"], member.Bodies);
    }

    [FactWhen(Needs.Apache)]
    public async Task Committed_messages_are_seen_rolled_back_ones_are_not_and_the_broker_asks_about_others()
    {
        await using ApacheTopic topic = await TopicAsync("transactions");
        var asked = new ConcurrentDictionary<string, int>();
        await using var producer = new TransactionProducer(
            Connection,
            new TransactionProducerOptions { Group = topic.Group },
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
            TransactionReceipt sent = await producer.SendAsync(topic.Message(body, "t", body), (_, _) => ValueTask.FromResult(outcome));
            Assert.Equal(outcome, sent.Outcome);
        }

        // The default of a broker is to look once in a minute (30 s from 5 on).
        List<ReceivedMessage> stored = [];
        await Eventually.TrueAsync(async () => (stored = await topic.ReadAllAsync()).Count >= 3 && asked.ContainsKey("never"), "the broker asked", TimeSpan.FromMinutes(3));
        Assert.Equal(["checked", "committed", "twice"], stored.Select(Text).Order(StringComparer.Ordinal));
        Assert.False(asked.ContainsKey("committed") || asked.ContainsKey("rolled back"));
        Assert.All(stored, message => Assert.Equal((topic.Name, "t", Text(message)), (message.Topic, message.Tag, message.Keys)));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_request_gets_its_reply_and_a_silent_one_times_out()
    {
        await using ApacheTopic topic = await TopicAsync("asked");
        await using var replying = new PushConsumer(topic.Options(), async (request, token) =>
        {
            if (Text(request) != "silence")
            {
                await topic.Producer.ReplyAsync(request, Encoding.UTF8.GetBytes($"re: {Text(request)}"), token);
            }

            return ConsumeResult.Success;
        });
        replying.Subscribe(topic.Name);
        await replying.StartAsync();

        ReceivedMessage[] replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => topic.Producer.RequestAsync(topic.Message($"{number}"), Patience).AsTask()));
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"re: {number}"), replies.Select(Text));

        await Assert.ThrowsAsync<RequestTimeoutException>(() => topic.Producer.RequestAsync(topic.Message("silence"), TimeSpan.FromSeconds(2)).AsTask());
    }

    [FactWhen(Needs.Apache)]
    public async Task The_trace_of_a_message_says_who_sent_and_handled_it()
    {
        await using ApacheTopic topic = await TopicAsync("traced");
        ClientOptions client = Client();
        client.Trace = true;
        await using var connection = new ClusterConnection(client);
        await using var producer = new Producer(connection, new ProducerOptions { Group = "tracing" });
        await producer.StartAsync();
        SendReceipt receipt = await producer.SendAsync(topic.Message("traced", "t", "k"));
        await using Member member = await topic.MemberAsync(options => options.Client = client);
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
