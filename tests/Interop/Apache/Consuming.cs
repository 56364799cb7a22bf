using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>The SDK's group members and Apache RocketMQ's brokers.</summary>
public sealed class Consuming : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Two_members_share_a_group_and_one_goes_on_alone_where_the_other_was()
    {
        string topic = await TopicAsync("shared");
        string group = ApacheCluster.Name("shared");
        await using Producer producer = await ProducerAsync();
        await using var one = new Member(Group(group));
        await one.StartAsync(topic);
        var two = new Member(Group(group));
        await two.StartAsync(topic);
        await Member.UntilAsync(() => one.Queues(topic) == 2 && two.Queues(topic) == 2, "each of two members has two queues", Patience);

        await SendAsync(producer, topic, 0, 200);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 200, "all messages were consumed", Patience);
        await two.DisposeAsync();
        await SendAsync(producer, topic, 200, 100);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 300, "the remaining member consumed everything", Patience);
        Assert.Equal(300, one.Messages.Concat(two.Messages).Count());
    }

    [FactWhen(Needs.Apache)]
    public async Task A_group_goes_on_where_it_was_when_it_comes_back()
    {
        string topic = await TopicAsync("progress");
        string group = ApacheCluster.Name("progress");
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 50);
        await using (var first = new Member(Group(group)))
        {
            await first.StartAsync(topic);
            await first.HasAsync(50, Patience);
        }

        await SendAsync(producer, topic, 50, 10);
        await using var second = new Member(Group(group));
        await second.StartAsync(topic);
        await second.HasAsync(10, Patience);
        Assert.Equal(Enumerable.Range(50, 10), second.Bodies.Select(Number).Order());
        await Eventually.TrueAsync(async () => (await Admin.Groups.GetProgressAsync(group, topic)).Sum(queue => queue.Lag) == 0, "the broker sees no lag", Patience);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_new_group_that_begins_last_gets_what_comes_then_and_from_a_broker_of_4_a_young_topic_whole()
    {
        string topic = await TopicAsync("last");
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 10);
        await ReadAllAsync(topic, 10);
        PushConsumerOptions options = Group(ApacheCluster.Name("last"));
        options.From = ConsumeFrom.Last;
        await using var member = new Member(options);
        await member.StartAsync(topic);
        // A broker of 4 answers "offset 0" for a group that has no progress while a topic's first messages are in memory.
        int first = await IsFourAsync() ? 0 : 10;
        if (first > 0)
        {
            await Eventually.TrueAsync(async () => await HasPlacesAsync(options.Group, topic, 4), "the broker has four places of the group", Patience);
        }

        await SendAsync(producer, topic, 10, 10);
        await member.HasAsync(20 - first, Patience);
        Assert.Equal(Enumerable.Range(first, 20 - first), member.Bodies.Select(Number).Order());
    }

    [FactWhen(Needs.Apache)]
    public async Task Every_member_of_a_broadcasting_group_gets_everything()
    {
        string topic = await TopicAsync("cast");
        string group = ApacheCluster.Name("cast");
        using var files = new TempDirectory("offsets");
        await using Producer producer = await ProducerAsync();
        PushConsumerOptions first = Group(group, MessageModel.Broadcasting);
        PushConsumerOptions second = Group(group, MessageModel.Broadcasting);
        first.LocalOffsetDirectory = files["one"];
        second.LocalOffsetDirectory = files["two"];
        await using var one = new Member(first);
        await using var two = new Member(second);
        await one.StartAsync(topic);
        await two.StartAsync(topic);

        await SendAsync(producer, topic, 0, 50);

        await one.HasAsync(50, Patience);
        await two.HasAsync(50, Patience);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_refused_message_comes_again_and_becomes_a_dead_letter_that_can_be_given_again()
    {
        string topic = await TopicAsync("refused");
        string group = ApacheCluster.Name("refused");
        await using Producer producer = await ProducerAsync();
        SendReceipt receipt = await producer.SendAsync(Message(topic, "again", "t", "k"));
        PushConsumerOptions options = Group(group);
        options.MaxReconsumeTimes = 2;
        int refuse = 3;
        ConcurrentQueue<ReceivedMessage> got = [];
        await using var consumer = new PushConsumer(options, (message, _) =>
        {
            got.Enqueue(message);
            return ValueTask.FromResult(Interlocked.Decrement(ref refuse) >= 0 ? ConsumeResult.RetryAfter(1) : ConsumeResult.Success);
        });
        consumer.Subscribe(topic, "t");
        await consumer.StartAsync();

        List<ReceivedMessage> dead = [];
        await Eventually.TrueAsync(async () => (dead = await DeadAsync(group)).Count == 1, "the message is a dead letter", TimeSpan.FromMinutes(2));
        Assert.Equal([0, 1, 2], got.Select(message => message.ReconsumeTimes));
        Assert.All(got, message => Assert.Equal((topic, "t", "k", receipt.MessageId), (message.Topic, message.Tag, message.Keys, message.MessageId)));
        Assert.Equal(("again", receipt.MessageId), (Text(dead[0]), dead[0].MessageId));

        await Admin.Messages.ResendAsync(group, dead[0]);
        await Member.UntilAsync(() => got.Count == 4, "the dead letter came again", Patience);
        Assert.Equal((topic, "again"), (got.Last().Topic, Text(got.Last())));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_retry_without_a_level_comes_later_each_time()
    {
        string topic = await TopicAsync("later");
        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message(topic, "again"));
        await using var member = new Member(Group(ApacheCluster.Name("later")), refuse: 1);
        await member.StartAsync(topic);

        await member.HasAsync(2, Patience);

        Assert.Equal([0, 1], member.Messages.Select(message => message.ReconsumeTimes));
        TimeSpan after = member.Messages.Last().StoredAt - member.Messages.First().StoredAt;
        Assert.True(after > TimeSpan.FromSeconds(8), $"it came after {after}: the level of a first retry is 3, 10 s");
    }

    [FactWhen(Needs.Apache)]
    public async Task Ordered_members_handle_each_queue_in_its_order_while_one_joins_and_leaves()
    {
        string topic = await TopicAsync("ordered", 8);
        string group = ApacheCluster.Name("ordered");
        PushConsumerOptions options = Group(group);
        options.Ordered = true;
        PushConsumerOptions other = Group(group);
        other.Ordered = true;
        await using Producer producer = await ProducerAsync();
        await using var one = new Member(options, refuse: 1);
        await one.StartAsync(topic);
        Task sending = SendKeyedAsync(producer, topic, 0, 150);
        var two = new Member(other);
        await two.StartAsync(topic);
        await Member.UntilAsync(() => one.Queues(topic) == 4 && two.Queues(topic) == 4, "each member has four queues", Patience);
        await sending;
        await SendKeyedAsync(producer, topic, 150, 150);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 300, "all messages were handled", Patience);
        await two.DisposeAsync();
        await SendKeyedAsync(producer, topic, 300, 50);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 350, "the remaining member handled all", TimeSpan.FromMinutes(2));

        foreach (Member member in new[] { one, two })
        {
            foreach (IGrouping<MessageQueue, ReceivedMessage> queue in member.Messages.GroupBy(message => message.Queue))
            {
                // A message that was not handled, or whose queue came back, comes again with those behind it.
                List<long> firsts = [.. queue.Select(message => message.QueueOffset).Distinct()];
                Assert.Equal(firsts.Order(), firsts);
            }
        }

        Assert.Equal(351, one.Messages.Concat(two.Messages).Count());
    }

    [FactWhen(Needs.Apache)]
    public async Task Tags_and_SQL_expressions_filter_at_the_broker()
    {
        string topic = await TopicAsync("filtered");
        await using Producer producer = await ProducerAsync();
        for (int i = 0; i < 30; i++)
        {
            Message message = Message(topic, $"{i}", i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c");
            message.Properties["price"] = $"{i}";
            await producer.SendAsync(message);
        }

        await using var tags = new Member(Group(ApacheCluster.Name("tags")));
        await tags.StartAsync(topic, "a || c");
        await using var sql = new Member(Group(ApacheCluster.Name("sql")));
        await sql.StartAsync(topic, MessageFilter.BySql("price BETWEEN 10 AND 19 AND TAGS IN ('a', 'b')"));

        await tags.HasAsync(20, Patience);
        await sql.HasAsync(7, Patience);
        await SendAsync(producer, topic, 100, 1);
        Assert.Equal(Enumerable.Range(0, 30).Where(i => i % 3 != 1), tags.Bodies.Select(Number).Order());
        Assert.Equal(Enumerable.Range(10, 10).Where(i => i % 3 != 2), sql.Bodies.Select(Number).Order());
        List<ReceivedMessage> read = await ReadAllAsync(topic, MessageFilter.BySql("price > 27"));
        Assert.Equal(["28", "29"], read.Select(Text).Order(StringComparer.Ordinal));
    }

    [FactWhen(Needs.Apache)]
    public async Task An_SQL_expression_that_does_not_parse_stops_the_start()
    {
        string topic = await TopicAsync("nosql");
        await using var member = new Member(Group(ApacheCluster.Name("nosql")));

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => member.StartAsync(topic, MessageFilter.BySql("price >")));

        Assert.Equal(RefusalReason.FilterInvalid, refused.Reason);
    }

    private static int Number(string body) => int.Parse(body, CultureInfo.InvariantCulture);

    private static async Task SendKeyedAsync(Producer producer, string topic, int first, int count)
        => await Task.WhenAll(Enumerable.Range(first, count).Select(number => producer.SendAsync(Message(topic, $"{number}"), $"key{number % 20}").AsTask()));

    private async Task<List<ReceivedMessage>> DeadAsync(string group)
    {
        List<ReceivedMessage> dead = [];
        await foreach (ReceivedMessage message in Admin.Messages.ReadDeadLettersAsync(group))
        {
            dead.Add(message);
        }

        return dead;
    }

    private async Task<bool> HasPlacesAsync(string group, string topic, int count)
    {
        try
        {
            return (await Admin.Groups.GetProgressAsync(group, topic)).Count == count;
        }
        catch (RequestRefusedException)
        {
            // The broker has not heard of the group yet.
            return false;
        }
    }
}
