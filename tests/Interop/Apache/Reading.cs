using System.Globalization;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Polling, popping and streaming from Apache RocketMQ's brokers.</summary>
public sealed class Reading : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Polls_go_to_any_offset_and_time_and_commits_are_kept()
    {
        string topic = await TopicAsync("polled", 1);
        string group = ApacheCluster.Name("polled");
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 20);
        DateTimeOffset between = (await ReadAllAsync(topic, 20)).Max(message => message.StoredAt).AddSeconds(1);
        await Eventually.True(() => TimeProvider.System.GetUtcNow() > between.AddSeconds(1), "the clock passed the place between the halves");
        await SendAsync(producer, topic, 20, 20);
        await ReadAllAsync(topic, 40);

        await using var polls = new PullConsumer(Connection, new PullConsumerOptions { Group = group, From = ConsumeFrom.First, AutoCommit = false });
        await polls.AssignAsync(await polls.ListQueuesAsync(topic));
        await polls.StartAsync();
        MessageQueue queue = polls.Queues.Single();

        Assert.Equal(Enumerable.Range(0, 40), await PollAsync(polls, 40));
        polls.Seek(queue, 35);
        Assert.Equal(Enumerable.Range(35, 5), await PollAsync(polls, 5));
        await polls.SeekAsync(queue, between);
        Assert.Equal(Enumerable.Range(20, 20), await PollAsync(polls, 20));
        await polls.SeekToBeginningAsync(queue);
        Assert.Equal(Enumerable.Range(0, 10), await PollAsync(polls, 10, 10));
        // A broker of 4 says 0 for a young queue without progress.
        Assert.True(await polls.GetCommittedAsync(queue) is null or 0);
        await polls.CommitAsync();
        Assert.Equal(10, await polls.GetCommittedAsync(queue));
        await polls.SeekToEndAsync(queue);
        Assert.Empty(await polls.PollAsync(10, TimeSpan.FromMilliseconds(300)));
        await SendAsync(producer, topic, 40, 1);
        Assert.Equal([40], await PollAsync(polls, 1));
    }

    [FactWhen(Needs.Apache)]
    public async Task Polling_members_share_a_group_and_go_on_where_it_was()
    {
        string topic = await TopicAsync("pollgroup");
        string group = ApacheCluster.Name("pollgroup");
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 40);
        await using (var first = new PullConsumer(new PullConsumerOptions { Client = Client(), Group = group, From = ConsumeFrom.First }))
        {
            first.Subscribe(topic);
            await first.StartAsync();
            Assert.Equal(Enumerable.Range(0, 40), (await PollAsync(first, 40)).Order());
            // What was handed out counts as done with the next poll.
            await first.PollAsync(1, TimeSpan.FromMilliseconds(100));
        }

        await SendAsync(producer, topic, 40, 10);
        await using var second = new PullConsumer(new PullConsumerOptions { Client = Client(), Group = group, From = ConsumeFrom.First });
        second.Subscribe(topic);
        await second.StartAsync();
        Assert.Equal(Enumerable.Range(40, 10), (await PollAsync(second, 10)).Order());
    }

    [FactWhen(Needs.Apache)]
    public async Task A_stream_begins_anywhere_and_goes_on_with_what_comes()
    {
        string topic = await TopicAsync("streamed", 2);
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 100);
        await ReadAllAsync(topic, 100);
        await using var reader = new Reader(Connection, new ReaderOptions());
        using var patience = new CancellationTokenSource(Patience);
        List<int> got = [];

        await foreach (ReceivedMessage message in reader.ReadAsync(topic, ReadFrom.Beginning, patience.Token))
        {
            got.Add(Number(message));
            if (got.Count == 100)
            {
                await SendAsync(producer, topic, 100, 20);
            }

            if (got.Count == 120)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 120), got.Order());
        Assert.Equal(120, (await ReadAllAsync(topic, 120)).Count);
    }

    [FactWhen(Needs.Apache)]
    public async Task Pops_work_with_a_broker_of_5_and_one_of_4_says_that_it_cannot()
    {
        string topic = await TopicAsync("popped");
        await using Producer producer = await ProducerAsync();
        await SendAsync(producer, topic, 0, 10);
        await using var pops = new SimpleConsumer(Connection, new SimpleConsumerOptions { Group = ApacheCluster.Name("popped"), InvisibleTime = TimeSpan.FromSeconds(20) });
        pops.Subscribe(topic);
        await pops.StartAsync();

        if (await IsFourAsync())
        {
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => pops.ReceiveAsync(16, TimeSpan.FromSeconds(5)).AsTask());
            Assert.Equal((RefusalReason.Unsupported, 3), (refused.Reason, refused.ResponseCode));
            Assert.Contains("PushConsumer", refused.Message, StringComparison.Ordinal);
            return;
        }

        List<int> got = [];
        while (got.Count < 10)
        {
            IReadOnlyList<PoppedMessage> some = await pops.ReceiveAsync(16, TimeSpan.FromSeconds(20));
            Assert.NotEmpty(some);
            got.AddRange(some.Select(popped => Number(popped.Message)));
            PoppedMessage longer = await pops.ChangeInvisibleTimeAsync(some[0], TimeSpan.FromMinutes(1));
            await pops.AckAsync([longer, .. some.Skip(1)]);
        }

        Assert.Equal(Enumerable.Range(0, 10), got.Order());
    }

    private static int Number(ReceivedMessage message) => int.Parse(Text(message), CultureInfo.InvariantCulture);

    /// <summary>Polls until so many came, at most so many at once.</summary>
    private static async Task<List<int>> PollAsync(PullConsumer consumer, int count, int max = 32)
    {
        List<int> got = [];
        using var patience = new CancellationTokenSource(Patience);
        while (got.Count < count)
        {
            got.AddRange((await consumer.PollAsync(Math.Min(max, count - got.Count), TimeSpan.FromSeconds(5), patience.Token)).Select(Number));
        }

        return got;
    }
}
