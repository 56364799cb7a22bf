using System.Collections.Concurrent;
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
        await using ApacheTopic topic = await TopicAsync("shared");
        await using Member one = await topic.MemberAsync();
        Member two = await topic.MemberAsync();
        await Member.UntilAsync(() => one.Queues(topic.Name) == 2 && two.Queues(topic.Name) == 2, "each of two members has two queues", Patience);

        await topic.SendAsync(0, 200);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 200, "all messages were consumed", Patience);
        await two.DisposeAsync();
        await topic.SendAsync(200, 100);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 300, "the remaining member consumed everything", Patience);
        Assert.Equal(300, one.Messages.Concat(two.Messages).Count());
    }

    [FactWhen(Needs.Apache)]
    public async Task A_group_goes_on_where_it_was_when_it_comes_back()
    {
        await using ApacheTopic topic = await TopicAsync("progress");
        await topic.SendAsync(0, 50);
        await using (Member first = await topic.MemberAsync())
        {
            await first.HasAsync(50, Patience);
        }

        await topic.SendAsync(50, 10);
        await using Member second = await topic.MemberAsync();
        await second.HasAsync(10, Patience);
        Assert.Equal(Enumerable.Range(50, 10), second.Bodies.Select(Number).Order());
        await LagAsync(topic, 0);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_new_group_that_begins_last_gets_what_comes_then_and_from_a_broker_of_4_a_young_topic_whole()
    {
        await using ApacheTopic topic = await TopicAsync("last");
        await topic.SendAsync(0, 10);
        await topic.ReadAllAsync(10);
        await using Member member = await topic.MemberAsync(options => options.From = ConsumeFrom.Last);
        // A broker of 4 answers "offset 0" for a group that has no progress while a topic's first messages are in memory.
        int first = await IsFourAsync() ? 0 : 10;
        if (first > 0)
        {
            await Eventually.TrueAsync(async () => (await ProgressAsync(topic.Group, topic.Name)).Count == 4, "the broker has four places of the group", Patience);
        }

        await topic.SendAsync(10, 10);
        await member.HasAsync(20 - first, Patience);
        Assert.Equal(Enumerable.Range(first, 20 - first), member.Bodies.Select(Number).Order());
    }

    [FactWhen(Needs.Apache)]
    public async Task Every_member_of_a_broadcasting_group_gets_everything()
    {
        await using ApacheTopic topic = await TopicAsync("cast");
        using var files = new TempDirectory("offsets");
        await using Member one = await topic.MemberAsync(options => (options.Model, options.LocalOffsetDirectory) = (MessageModel.Broadcasting, files["one"]));
        await using Member two = await topic.MemberAsync(options => (options.Model, options.LocalOffsetDirectory) = (MessageModel.Broadcasting, files["two"]));

        await topic.SendAsync(0, 50);

        await one.HasAsync(50, Patience);
        await two.HasAsync(50, Patience);
    }

    [FactWhen(Needs.Apache)]
    public async Task A_refused_message_comes_again_and_becomes_a_dead_letter_that_can_be_given_again()
    {
        await using ApacheTopic topic = await TopicAsync("refused");
        SendReceipt receipt = await topic.Producer.SendAsync(topic.Message("again", "t", "k"));
        int refuse = 3;
        ConcurrentQueue<ReceivedMessage> got = [];
        await using var consumer = new PushConsumer(topic.Options(options => options.MaxReconsumeTimes = 2), (message, _) =>
        {
            got.Enqueue(message);
            return ValueTask.FromResult(Interlocked.Decrement(ref refuse) >= 0 ? ConsumeResult.RetryAfter(1) : ConsumeResult.Success);
        });
        consumer.Subscribe(topic.Name, "t");
        await consumer.StartAsync();

        List<ReceivedMessage> dead = [];
        await Eventually.TrueAsync(async () => (dead = await DeadAsync(topic.Group)).Count == 1, "the message is a dead letter", TimeSpan.FromMinutes(2));
        Assert.Equal([0, 1, 2], got.Select(message => message.ReconsumeTimes));
        Assert.All(got, message => Assert.Equal((topic.Name, "t", "k", receipt.MessageId), (message.Topic, message.Tag, message.Keys, message.MessageId)));
        Assert.Equal(("again", receipt.MessageId), (Text(dead[0]), dead[0].MessageId));

        await Admin.Messages.ResendAsync(topic.Group, dead[0]);
        await Member.UntilAsync(() => got.Count == 4, "the dead letter came again", Patience);
        Assert.Equal((topic.Name, "again"), (got.Last().Topic, Text(got.Last())));
    }

    [FactWhen(Needs.Apache)]
    public async Task A_retry_without_a_level_comes_later_each_time()
    {
        await using ApacheTopic topic = await TopicAsync("later");
        await topic.Producer.SendAsync(topic.Message("again"));
        await using Member member = await topic.MemberAsync(refuse: 1);

        await member.HasAsync(2, Patience);

        Assert.Equal([0, 1], member.Messages.Select(message => message.ReconsumeTimes));
        TimeSpan after = member.Messages.Last().StoredAt - member.Messages.First().StoredAt;
        Assert.True(after > TimeSpan.FromSeconds(8), $"it came after {after}: the level of a first retry is 3, 10 s");
    }

    [FactWhen(Needs.Apache)]
    public async Task Ordered_members_handle_each_queue_in_its_order_while_one_joins_and_leaves()
    {
        await using ApacheTopic topic = await TopicAsync("ordered", 8);
        await using Member one = await topic.MemberAsync(options => options.Ordered = true, refuse: 1);
        Task sending = SendKeyedAsync(topic, 0, 150);
        Member two = await topic.MemberAsync(options => options.Ordered = true);
        await Member.UntilAsync(() => one.Queues(topic.Name) == 4 && two.Queues(topic.Name) == 4, "each member has four queues", Patience);
        await sending;
        await SendKeyedAsync(topic, 150, 150);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 300, "all messages were handled", Patience);
        await two.DisposeAsync();
        await SendKeyedAsync(topic, 300, 50);
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
        await using ApacheTopic topic = await TopicAsync("filtered");
        for (int i = 0; i < 30; i++)
        {
            Message message = topic.Message($"{i}", i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c");
            message.Properties["price"] = $"{i}";
            await topic.Producer.SendAsync(message);
        }

        await using Member tags = await topic.MemberAsync(options => options.Group = ApacheCluster.Name("tags"), MessageFilter.ByTags("a || c"));
        await using Member sql = await topic.MemberAsync(
            options => options.Group = ApacheCluster.Name("sql"), MessageFilter.BySql("price BETWEEN 10 AND 19 AND TAGS IN ('a', 'b')"));

        await tags.HasAsync(20, Patience);
        await sql.HasAsync(7, Patience);
        await topic.SendAsync(100, 1);
        Assert.Equal(Enumerable.Range(0, 30).Where(i => i % 3 != 1), tags.Bodies.Select(Number).Order());
        Assert.Equal(Enumerable.Range(10, 10).Where(i => i % 3 != 2), sql.Bodies.Select(Number).Order());
        List<ReceivedMessage> read = await topic.ReadAllAsync(MessageFilter.BySql("price > 27"));
        Assert.Equal(["28", "29"], read.Select(Text).Order(StringComparer.Ordinal));
    }

    [FactWhen(Needs.Apache)]
    public async Task An_SQL_expression_that_does_not_parse_stops_the_start()
    {
        await using ApacheTopic topic = await TopicAsync("nosql");

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => topic.MemberAsync(filter: MessageFilter.BySql("price >")));

        Assert.Equal(RefusalReason.FilterInvalid, refused.Reason);
    }

    private static async Task SendKeyedAsync(ApacheTopic topic, int first, int count)
        => await Task.WhenAll(Enumerable.Range(first, count).Select(number => topic.Producer.SendAsync(topic.Message($"{number}"), $"key{number % 20}").AsTask()));

    private async Task<List<ReceivedMessage>> DeadAsync(string group)
    {
        List<ReceivedMessage> dead = [];
        await foreach (ReceivedMessage message in Admin.Messages.ReadDeadLettersAsync(group))
        {
            dead.Add(message);
        }

        return dead;
    }
}
