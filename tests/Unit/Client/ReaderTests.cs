using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class ReaderTests
{
    [Fact]
    public async Task A_topic_is_read_to_its_end_from_the_beginning_a_time_or_offsets()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 40, "m");
        await StoredAsync(cluster, 40);
        await using Reader reader = New(cluster);

        List<ReceivedMessage> all = await ToListAsync(reader.ReadToEndAsync("t", ReadFrom.Beginning));
        Assert.Equal(40, all.Select(message => message.MessageId).Distinct().Count());
        Assert.All(all.GroupBy(message => message.Queue), queue => Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), queue.Select(message => message.QueueOffset)));

        DateTimeOffset middle = all.Select(message => message.StoredAt).Order().ElementAt(20);
        List<ReceivedMessage> later = await ToListAsync(reader.ReadToEndAsync("t", ReadFrom.Time(middle)));
        Assert.Equal(all.Where(message => message.StoredAt >= middle).Select(message => message.MessageId).Order(), later.Select(message => message.MessageId).Order());

        Dictionary<MessageQueue, long> ends = all.Select(message => message.Queue).Distinct().ToDictionary(queue => queue, _ => 9L);
        Assert.Equal(4, (await ToListAsync(reader.ReadToEndAsync("t", ReadFrom.Offsets(ends)))).Count);
        Assert.Empty(await ToListAsync(reader.ReadToEndAsync("t", ReadFrom.End)));
        await Assert.ThrowsAsync<TopicNotFoundException>(() => ToListAsync(reader.ReadToEndAsync("unknown", ReadFrom.Beginning)));
    }

    [Fact]
    public async Task A_topic_is_followed_from_before_it_exists()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await using Reader reader = New(cluster, options => options.Filter = MessageFilter.ByTags("yes"));
        using var stop = new CancellationTokenSource();
        var seen = new List<string>();
        Task reading = Task.Run(async () =>
        {
            await foreach (ReceivedMessage message in reader.ReadAsync("t", ReadFrom.End, stop.Token))
            {
                lock (seen)
                {
                    seen.Add(Encoding.UTF8.GetString(message.Body.Span));
                }
            }
        });
        await producer.SendAsync(new Message("t", "no"u8.ToArray(), "no")).Within("send completed");
        await Routed(cluster, "t");
        await SendYesAsync("one");
        await SendYesAsync("two");
        await Eventually.True(() => Seen().Contains("two"), "the second message was read");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within("the stream ended"));
        Assert.DoesNotContain("no", Seen());

        string[] Seen()
        {
            lock (seen)
            {
                return [.. seen];
            }
        }

        Task SendYesAsync(string text) => producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes(text), "yes")).Within("send completed");
    }

    [Fact]
    public async Task A_stream_that_is_left_early_ends_its_pulls()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 100, "m");
        await Routed(cluster, "t");
        await using Reader reader = New(cluster, options => options.MaxMessagesAhead = 1);
        int count = 0;
        await foreach (ReceivedMessage message in reader.ReadAsync("t", ReadFrom.Beginning))
        {
            Assert.NotNull(message.MessageId);
            if (++count == 3)
            {
                break;
            }
        }

        Assert.Equal(3, count);
    }

    private static Reader New(LocalCluster cluster, Action<ReaderOptions>? configure = null)
    {
        var options = new ReaderOptions { Client = { NameServers = cluster.NameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) } };
        configure?.Invoke(options);
        return new Reader(options);
    }

    private static async Task<List<ReceivedMessage>> ToListAsync(IAsyncEnumerable<ReceivedMessage> stream)
    {
        var list = new List<ReceivedMessage>();
        await foreach (ReceivedMessage message in stream)
        {
            list.Add(message);
        }

        return list;
    }
}
