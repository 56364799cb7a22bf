using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class OrderedConsumerTests
{
    [Fact]
    public async Task Messages_of_a_key_are_handled_in_their_order_whatever_fails_in_between()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var handled = new ConcurrentDictionary<string, List<int>>();
        var failed = new ConcurrentDictionary<string, bool>();
        int running = 0;
        var inbox = new Inbox(message =>
        {
            string[] parts = Encoding.UTF8.GetString(message.Body.Span).Split(' ');
            if (int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) % 5 == 3 && failed.TryAdd(string.Join(' ', parts), true))
            {
                return Interlocked.Increment(ref running) % 2 == 0 ? ConsumeResult.RetryLater : throw new InvalidOperationException("scripted");
            }

            handled.GetOrAdd(parts[0], _ => []).Add(int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
            return ConsumeResult.Success;
        });
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: Ordered);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async key =>
        {
            for (int i = 0; i < 20; i++)
            {
                await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes($"k{key} {i}")), $"k{key}");
            }
        })).Within("all sends completed");

        await Eventually.True(() => handled.Count == 6 && handled.Values.All(list => list.Count == 20), "20 messages of each key were handled");
        Assert.All(handled.Values, list => Assert.Equal(Enumerable.Range(0, 20), list));
        Assert.Contains(inbox.All, message => message.ReconsumeTimes == 1);
    }

    [Fact]
    public async Task A_queue_changes_hands_without_a_message_handled_by_two_at_once_or_out_of_order()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", "makes the topic 0"u8.ToArray())).Within("send completed");
        var handled = new ConcurrentQueue<(int Queue, long Offset)>();
        var running = new ConcurrentDictionary<int, int>();
        int collisions = 0;
        var inbox = new Inbox(message =>
        {
            int queue = message.Queue.QueueId;
            if (running.AddOrUpdate(queue, 1, (_, n) => n + 1) > 1)
            {
                Interlocked.Increment(ref collisions);
            }

            handled.Enqueue((queue, message.QueueOffset));
            running.AddOrUpdate(queue, 0, (_, n) => n - 1);
            return ConsumeResult.Success;
        });
        await using PushConsumer stays = await ConsumerAsync(cluster, inbox, "g", configure: Ordered);
        await QueuesAsync(stays, 4);
        Task sending = SendManyAsync(producer, 300, "m");
        PushConsumer comes = await ConsumerAsync(cluster, inbox, "g", configure: Ordered);
        await QueuesAsync(comes, 2);
        await QueuesAsync(stays, 2);
        await comes.DisposeAsync();
        await QueuesAsync(stays, 4);
        await sending.Within("all sends completed");

        await Eventually.True(() => handled.Distinct().Count() == 301, "301 different messages were handled", TimeSpan.FromSeconds(60));
        Assert.Equal(0, collisions);
        foreach (IGrouping<int, (int Queue, long Offset)> queue in handled.GroupBy(one => one.Queue))
        {
            long[] firsts = [.. queue.Select(one => one.Offset).Distinct()];
            Assert.Equal(firsts.Order(), firsts);
        }
    }

    [Fact]
    public async Task A_message_that_never_works_becomes_a_dead_letter_after_the_limit_and_its_queue_goes_on()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox(message => message.Tag == "bad" ? ConsumeResult.RetryLater : ConsumeResult.Success);
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: options =>
        {
            Ordered(options);
            options.MaxOrderedTries = 2;
        });
        await producer.SendAsync(new Message("t", "first"u8.ToArray(), "bad"), "key").Within("send completed");
        await producer.SendAsync(new Message("t", "second"u8.ToArray()), "key").Within("send completed");
        await inbox.WaitForAsync(4);
        Assert.Equal(["first", "first", "first", "second"], inbox.Texts);

        var dead = new Inbox();
        var options = new PushConsumerOptions { Group = "dead", From = ConsumeFrom.First, Client = { NameServers = cluster.NameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) } };
        await using var reader = new PushConsumer(options, dead.HandleAsync);
        reader.Subscribe("%DLQ%g");
        await reader.StartAsync();
        await dead.WaitForAsync(1);
        Assert.Equal(["first"], dead.Texts);
    }

    private static void Ordered(PushConsumerOptions options)
    {
        options.Ordered = true;
        options.SuspendTime = TimeSpan.FromMilliseconds(20);
    }
}
