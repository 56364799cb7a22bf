using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The client against a real name server and real brokers in this process.</summary>
public sealed class EndToEndTests
{
    [Fact]
    public async Task What_is_sent_is_handled_once_with_everything_it_had()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var received = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, received, "g", "kitchen || hall");

        SendReceipt receipt = await producer.SendAsync(
            new Message("t", "21.5"u8.ToArray(), "kitchen", "k1") { Flag = 5, Properties = { ["unit"] = "°C" } }).Within("send completed");
        await producer.SendAsync(new Message("t", "no"u8.ToArray(), "garage")).Within("send completed");
        await producer.SendAsync(new Message("t", new byte[100_000], "hall")).Within("large send completed");
        await producer.SendOneWayAsync(new Message("t", "one way"u8.ToArray(), "hall"));

        await received.WaitForAsync(3);
        ReceivedMessage first = received.All.Single(message => message.Tag == "kitchen");
        Assert.Equal("21.5", Encoding.UTF8.GetString(first.Body.Span));
        Assert.Equal((receipt.MessageId, receipt.OffsetMessageId, receipt.Queue, receipt.QueueOffset), (first.MessageId, first.OffsetMessageId, first.Queue, first.QueueOffset));
        Assert.Equal(("k1", 5, "°C", "t", 0), (first.Keys, first.Flag, first.Properties["unit"], first.Topic, first.ReconsumeTimes));
        Assert.DoesNotContain("__CRC32#", first.Properties.Keys);
        Assert.DoesNotContain("__CRC32#", Encoding.UTF8.GetString(first.PropertyText.Span), StringComparison.Ordinal);
        Assert.Contains(received.All, message => message.Body.Length == 100_000 && message.Body.Span.IndexOfAnyExcept((byte)0) < 0);
        Assert.DoesNotContain(received.All, message => message.Tag == "garage");
    }

    [Fact]
    public async Task Two_members_share_the_queues_and_when_one_leaves_the_other_has_all()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", "makes the topic"u8.ToArray())).Within("send completed");
        var inbox = new Inbox();
        await using PushConsumer stays = await ConsumerAsync(cluster, inbox, "g");
        await QueuesAsync(stays, 4);
        PushConsumer goes = await ConsumerAsync(cluster, inbox, "g");

        await QueuesAsync(stays, 2);
        await QueuesAsync(goes, 2);
        Assert.Empty(Queues(stays).Intersect(Queues(goes)));
        await SendManyAsync(producer, 40, "shared");
        await inbox.WaitForAsync(41);

        await goes.DisposeAsync();
        await QueuesAsync(stays, 4);
        await SendManyAsync(producer, 40, "alone");
        // A queue that changes its owner may give a message twice; none may be missing.
        await Eventually.True(() => inbox.Texts.Distinct().Count() == 81, "81 different messages were handled");
    }

    [Fact]
    public async Task A_broadcast_goes_to_every_member_and_each_goes_on_where_it_stopped()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", "before"u8.ToArray())).Within("send completed");
        await Routed(cluster, "t");
        using var directory = new TempDirectory("offsets");
        Inbox first = new(), second = new(), third = new();
        PushConsumer a = await BroadcastAsync("a", first);
        await using PushConsumer b = await BroadcastAsync("b", second);
        await QueuesAsync(a, 4);
        await Eventually.True(() => Directory.GetFiles(directory.Path, "*.json", SearchOption.AllDirectories).Sum(file => File.ReadAllText(file).Split("queueId").Length - 1) == 8, "both members know where they start in every queue");

        await SendManyAsync(producer, 10, "m");
        await first.WaitForAsync(10);
        await second.WaitForAsync(10);
        await a.DisposeAsync();
        await SendManyAsync(producer, 5, "while away ");
        await second.WaitForAsync(15);
        await using PushConsumer again = await BroadcastAsync("a", third);
        await third.WaitForAsync(5);

        Assert.All(third.Texts, text => Assert.StartsWith("while away", text, StringComparison.Ordinal));
        Assert.DoesNotContain("before", first.Texts);

        Task<PushConsumer> BroadcastAsync(string instance, Inbox inbox) => ConsumerAsync(cluster, inbox, "g", configure: options =>
        {
            options.Model = MessageModel.Broadcasting;
            options.From = ConsumeFrom.Last;
            options.LocalOffsetDirectory = directory.Path;
            options.Client.InstanceName = instance;
        });
    }

    [Fact]
    public async Task A_message_whose_handler_throws_comes_again_under_its_own_topic()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(options => options.MessageDelayLevel = "1s 1s 1s 1s 1s 1s");
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox(message => message.ReconsumeTimes switch
        {
            0 => throw new InvalidOperationException("the first time"),
            1 => ConsumeResult.RetryAfter(1),
            _ => ConsumeResult.Success,
        });
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        SendReceipt sent = await producer.SendAsync(new Message("t", "again"u8.ToArray(), "tag")).Within("send completed");

        await inbox.WaitForAsync(3, TimeSpan.FromSeconds(40));

        Assert.Equal([0, 1, 2], inbox.All.Select(message => message.ReconsumeTimes).Take(3));
        Assert.All(inbox.All, message => Assert.Equal((sent.MessageId, "t", "tag"), (message.MessageId, message.Topic, message.Tag)));
    }

    [Fact]
    public async Task Progress_outlives_a_restart_of_the_broker_and_of_the_consumer()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster, options => options.SendTimeout = TimeSpan.FromSeconds(15));
        Inbox before = new(), after = new();
        PushConsumer consumer = await ConsumerAsync(cluster, before, "g");
        await SendManyAsync(producer, 20, "before");
        await before.WaitForAsync(20);
        await consumer.DisposeAsync();

        await cluster.StopBrokerAsync("broker-a");
        await cluster.StartBrokerAsync("broker-a");
        await SendManyAsync(producer, 20, "after");
        await using PushConsumer again = await ConsumerAsync(cluster, after, "g");
        await after.WaitForAsync(20);

        Assert.All(after.Texts, text => Assert.StartsWith("after", text, StringComparison.Ordinal));
        Assert.Equal(20, after.Texts.Distinct().Count());
    }

    [Fact]
    public async Task A_running_consumer_goes_on_when_the_broker_comes_back()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: options => options.RetryPause = TimeSpan.FromMilliseconds(100));
        await SendManyAsync(producer, 10, "before");
        await inbox.WaitForAsync(10);

        await cluster.StopBrokerAsync("broker-a");
        // The first one may have been written before the connection's end was noticed; the next one finds nobody.
        await Assert.ThrowsAnyAsync<ProtoBridgeMqException>(() => producer.SendAsync(new Message("t", default)).Within("send ended"));
        var down = await Assert.ThrowsAnyAsync<ProtoBridgeMqException>(() => producer.SendAsync(new Message("t", default)).Within("send ended"));
        Assert.False(down.MayHaveHappened);
        await cluster.StartBrokerAsync("broker-a");
        int sent = 0;
        while (sent < 10)
        {
            try
            {
                await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes($"after{sent}"))).Within("send ended");
                sent++;
            }
            catch (ClusterUnreachableException)
            {
                // The connection's back-off has not passed yet.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }

        await Eventually.True(
            () => inbox.Texts.Where(text => text.StartsWith("after", StringComparison.Ordinal)).Distinct().Count() == 10, "what was sent afterwards was handled");
    }

    [Fact]
    public async Task Nothing_stops_while_the_name_server_is_away()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster, configureClient: client => client.RouteRefreshInterval = TimeSpan.FromMilliseconds(50));
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        await SendManyAsync(producer, 5, "before");
        await Routed(cluster, "t");
        await inbox.WaitForAsync(5);
        await cluster.StopNameServerAsync();
        await SendManyAsync(producer, 20, "without");
        await inbox.WaitForAsync(25);
    }

    [Fact]
    public async Task Sends_spread_over_two_brokers_and_go_on_with_one()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await new AdminClient(connection).CreateTopicAsync("t", 2);
        await QueuedAsync(connection, "t", 4);
        await using var producer = new Producer(connection, new ProducerOptions());
        await producer.StartAsync();

        HashSet<string> brokers = [];
        for (int i = 0; i < 8; i++)
        {
            brokers.Add((await producer.SendAsync(new Message("t", default)).Within("send completed")).Queue.BrokerName);
        }

        Assert.Equal(2, brokers.Count);
        await cluster.StopBrokerAsync("broker-a");
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal("broker-b", (await producer.SendAsync(new Message("t", default)).Within("send completed")).Queue.BrokerName);
        }
    }

    [Fact]
    public async Task A_batch_is_stored_whole_and_a_reader_finds_it_by_offset_and_time()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await using var producer = new Producer(connection, new ProducerOptions { MaxBatchSize = 2000 });
        await producer.StartAsync();
        IReadOnlyList<SendReceipt> receipts = await producer.SendBatchAsync(
            [.. Enumerable.Range(0, 30).Select(i => new Message("t", Encoding.UTF8.GetBytes($"m{i}"), $"tag{i % 2}"))]).Within("batch completed");
        await Routed(cluster, "t");
        var reader = new QueueReader(connection);

        List<string> found = [];
        foreach (MessageQueue queue in await reader.ListQueuesAsync("t"))
        {
            long next = await reader.GetMinOffsetAsync(queue);
            long end = await reader.GetMaxOffsetAsync(queue);
            Assert.Equal(next, await reader.SearchOffsetAsync(queue, DateTimeOffset.UnixEpoch));
            while (next < end)
            {
                using PullResult result = await reader.PullAsync(queue, next, 32, TimeSpan.Zero);
                foreach (ReceivedMessage message in result.ToMessages())
                {
                    int i = int.Parse(Encoding.UTF8.GetString(message.Body.Span).AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                    Assert.Equal((receipts[i].MessageId, receipts[i].QueueOffset, receipts[i].Queue), (message.MessageId, message.QueueOffset, message.Queue));
                    Assert.Equal(receipts[i].OffsetMessageId, message.OffsetMessageId);
                    found.Add($"m{i}");
                }

                next = result.NextOffset;
            }

            using PullResult beyond = await reader.PullAsync(queue, end + 100, 1, TimeSpan.Zero);
            Assert.Equal(PullStatus.OffsetIllegal, beyond.Status);
            Assert.Equal(end, beyond.NextOffset);
        }

        Assert.Equal(30, found.Distinct().Count());
    }

    [Fact]
    public async Task Nothing_is_left_over_after_many_starts_and_stops()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", default)).Within("send completed");
        for (int i = 0; i < 20; i++)
        {
            var inbox = new Inbox();
            await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
            await using Producer other = await ProducerAsync(cluster);
        }

        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        var last = new Inbox();
        await using PushConsumer only = await ConsumerAsync(cluster, last, "g");
        Assert.Single(await new AdminClient(connection).ListMembersAsync("g", "t"));
    }
}
