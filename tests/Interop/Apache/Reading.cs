using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Polling, popping and streaming from Apache RocketMQ's brokers.</summary>
public sealed class Reading : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Polls_go_to_any_offset_and_time_and_commits_are_kept()
    {
        await using ApacheTopic topic = await TopicAsync("polled", 1);
        await topic.SendAsync(0, 20);
        DateTimeOffset between = (await topic.ReadAllAsync(20)).Max(message => message.StoredAt).AddSeconds(1);
        await Eventually.True(() => TimeProvider.System.GetUtcNow() > between.AddSeconds(1), "the clock passed the place between the halves");
        await topic.SendAsync(20, 20);
        await topic.ReadAllAsync(40);

        await using var polls = new PullConsumer(Connection, new PullConsumerOptions { Group = topic.Group, From = ConsumeFrom.First, AutoCommit = false });
        await polls.AssignAsync(await polls.ListQueuesAsync(topic.Name));
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
        await topic.SendAsync(40, 1);
        Assert.Equal([40], await PollAsync(polls, 1));
    }

    [FactWhen(Needs.Apache)]
    public async Task Polling_members_share_a_group_and_go_on_where_it_was()
    {
        await using ApacheTopic topic = await TopicAsync("pollgroup");
        await topic.SendAsync(0, 40);
        await using (var first = new PullConsumer(new PullConsumerOptions { Client = Client(), Group = topic.Group, From = ConsumeFrom.First }))
        {
            first.Subscribe(topic.Name);
            await first.StartAsync();
            Assert.Equal(Enumerable.Range(0, 40), (await PollAsync(first, 40)).Order());
            // What was handed out counts as done with the next poll.
            await first.PollAsync(1, TimeSpan.FromMilliseconds(100));
        }

        await topic.SendAsync(40, 10);
        await using var second = new PullConsumer(new PullConsumerOptions { Client = Client(), Group = topic.Group, From = ConsumeFrom.First });
        second.Subscribe(topic.Name);
        await second.StartAsync();
        Assert.Equal(Enumerable.Range(40, 10), (await PollAsync(second, 10)).Order());
    }

    [FactWhen(Needs.Apache)]
    public async Task A_stream_begins_anywhere_and_goes_on_with_what_comes()
    {
        await using ApacheTopic topic = await TopicAsync("streamed", 2);
        await topic.SendAsync(0, 100);
        await topic.ReadAllAsync(100);
        await using var reader = new Reader(Connection, new ReaderOptions());
        using var patience = new CancellationTokenSource(Patience);
        List<int> got = [];

        await foreach (ReceivedMessage message in reader.ReadAsync(topic.Name, ReadFrom.Beginning, patience.Token))
        {
            got.Add(Number(message));
            if (got.Count == 100)
            {
                await topic.SendAsync(100, 20);
            }

            if (got.Count == 120)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 120), got.Order());
        Assert.Equal(120, (await topic.ReadAllAsync(120)).Count);
    }

    /// <summary>Polls until so many came, at most so many at once.</summary>
    private static async Task<List<int>> PollAsync(PullConsumer consumer, int count, int max = 32)
    {
        List<int> got = [];
        long start = TimeProvider.System.GetTimestamp();
        while (got.Count < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"{count} messages came; these did: {string.Join(' ', got)}");
            got.AddRange((await consumer.PollAsync(Math.Min(max, count - got.Count), TimeSpan.FromSeconds(5))).Select(Number));
        }

        return got;
    }
}
