using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class PullConsumerTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Assigned_queues_are_read_in_order_and_set_to_any_offset_and_time()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 12, "m");
        await Routed(cluster, "t");
        await using PullConsumer consumer = New(cluster, options => options.AutoCommit = false);
        IReadOnlyList<MessageQueue> queues = await consumer.ListQueuesAsync("t").Within("queues listed");
        await consumer.AssignAsync([queues[0], queues[1]]);
        await consumer.StartAsync().Within("started");

        List<ReceivedMessage> read = await ReadAsync(consumer, 6);
        Assert.All(read.GroupBy(message => message.Queue), queue => Assert.Equal([0L, 1, 2], queue.Select(message => message.QueueOffset)));
        Assert.Equal(2, read.Select(message => message.Queue).Distinct().Count());
        Assert.Equal(3, consumer.Position(queues[0]));

        consumer.Seek(queues[0], 1);
        Assert.Equal([1L, 2], (await ReadAsync(consumer, 2)).Select(message => message.QueueOffset));
        await consumer.SeekAsync(queues[1], read.First(message => message.Queue == queues[1]).StoredAt);
        Assert.Equal([0L, 1, 2], (await ReadAsync(consumer, 3)).Select(message => message.QueueOffset));
        await consumer.SeekToBeginningAsync(queues[1]);
        await consumer.SeekToEndAsync(queues[0]);
        Assert.Equal([queues[1]], (await ReadAsync(consumer, 3)).Select(message => message.Queue).Distinct());
        Assert.Empty(await consumer.PollAsync(10, TimeSpan.FromMilliseconds(50)).Within("poll ended"));

        await consumer.AssignAsync([queues[2]]);
        Assert.Equal([queues[2]], (await ReadAsync(consumer, 3)).Select(message => message.Queue).Distinct());
        Assert.Null(consumer.Position(queues[0]));
        Assert.Throws<InvalidOperationException>(() => consumer.Seek(queues[0], 0));
    }

    [Fact]
    public async Task What_was_committed_by_hand_is_where_the_group_goes_on()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 8, "m");
        await Routed(cluster, "t");
        await using (PullConsumer first = New(cluster, options => options.AutoCommit = false))
        {
            first.Subscribe("t");
            await first.StartAsync().Within("started");
            await ReadAsync(first, 8);
            await first.CommitAsync().Within("committed");
            await SendManyAsync(producer, 4, "not committed");
            await ReadAsync(first, 4);
        }

        await using PullConsumer second = New(cluster);
        second.Subscribe("t");
        await second.StartAsync().Within("started");
        Assert.All(await ReadAsync(second, 4), message => Assert.StartsWith("not committed", Encoding.UTF8.GetString(message.Body.Span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_commits_by_itself_what_was_handed_out_before_the_last_poll_is_done()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var queue = new MessageQueue("t", "broker-a", 0);
        for (int i = 0; i < 4; i++)
        {
            await producer.SendAsync(new Message("t", default), queue).Within("send completed");
        }

        await Routed(cluster, "t");
        await using (PullConsumer first = New(cluster))
        {
            await first.AssignAsync([queue]);
            await first.StartAsync().Within("started");
            Assert.Equal(2, (await first.PollAsync(2, Wait).Within("first poll")).Count);
            Assert.Equal(2, (await first.PollAsync(2, Wait).Within("second poll")).Count);
        }

        await using PullConsumer second = New(cluster);
        Assert.Equal(2, await second.GetCommittedAsync(queue).Within("progress asked"));
    }

    [Fact]
    public async Task Two_members_share_the_queues_and_a_paused_queue_gives_nothing()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 4, "m");
        await Routed(cluster, "t");
        await using PullConsumer first = New(cluster);
        await using PullConsumer second = New(cluster);
        first.Subscribe("t");
        second.Subscribe("t");
        await first.StartAsync().Within("started");
        await second.StartAsync().Within("started");
        await Eventually.True(() => Shares(first) == 2 && Shares(second) == 2, "each has two queues");
        MessageQueue paused = first.Queues.First(queue => queue.Topic == "t");
        first.Pause(paused);
        await SendManyAsync(producer, 8, "n");
        await ReadAsync(first, 2);
        Assert.DoesNotContain(await first.PollAsync(10, TimeSpan.FromMilliseconds(200)).Within("poll ended"), message => message.Queue == paused);
        first.Resume(paused);
        Assert.Contains(await ReadAsync(first, 2), message => message.Queue == paused);

        static int Shares(PullConsumer consumer) => consumer.Queues.Count(queue => queue.Topic == "t");
    }

    private static PullConsumer New(LocalCluster cluster, Action<PullConsumerOptions>? configure = null)
    {
        var options = new PullConsumerOptions { Group = "pulls", From = ConsumeFrom.First, Client = { NameServers = cluster.NameServers } };
        configure?.Invoke(options);
        return new PullConsumer(options);
    }

    private static async Task<List<ReceivedMessage>> ReadAsync(PullConsumer consumer, int count)
    {
        var read = new List<ReceivedMessage>();
        long start = TimeProvider.System.GetTimestamp();
        while (read.Count < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Waiting.Patience, $"{count} messages were handed out; {read.Count} were");
            read.AddRange(await consumer.PollAsync(count - read.Count, TimeSpan.FromSeconds(1)).Within("poll ended"));
        }

        return read;
    }
}
