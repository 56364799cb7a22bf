using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Popping;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class SimpleConsumerTests
{
    [Fact]
    public async Task What_is_acknowledged_never_comes_again_and_the_rest_does()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 12, "m");
        await Routed(cluster, "t");
        await using SimpleConsumer consumer = await StartAsync(cluster, options => options.InvisibleTime = TimeSpan.FromSeconds(2));

        List<PoppedMessage> first = await ReceiveAsync(consumer, 12);
        Assert.Equal(12, first.Select(popped => popped.Message.MessageId).Distinct().Count());
        Assert.All(first, popped => Assert.Equal(("t", 0), (popped.Message.Topic, popped.Message.ReconsumeTimes)));
        await consumer.AckAsync(first[0]).Within("one acknowledged");
        await consumer.AckAsync(first[1..9]).Within("many acknowledged");

        List<PoppedMessage> again = await ReceiveAsync(consumer, 3);
        Assert.Equal(first[9..].Select(Id).Order(), again.Select(Id).Order());
        Assert.All(again, popped => Assert.Equal(("t", 1), (popped.Message.Topic, popped.Message.ReconsumeTimes)));
        await consumer.AckAsync(again).Within("the rest acknowledged");
        Assert.Empty(await consumer.ReceiveAsync(1, TimeSpan.FromSeconds(3)).Within("nothing came"));
    }

    [Fact]
    public async Task The_invisible_time_is_made_longer_and_shorter()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 2, "m");
        await Routed(cluster, "t");
        await using SimpleConsumer consumer = await StartAsync(cluster, options => options.InvisibleTime = TimeSpan.FromSeconds(3));
        List<PoppedMessage> both = await ReceiveAsync(consumer, 2);
        PoppedMessage longer = await consumer.ChangeInvisibleTimeAsync(both[0], TimeSpan.FromSeconds(60)).Within("made longer");
        Assert.True(longer.InvisibleUntil > both[0].InvisibleUntil + TimeSpan.FromSeconds(30));
        await consumer.ChangeInvisibleTimeAsync(both[1], TimeSpan.FromMilliseconds(100)).Within("made shorter");

        PoppedMessage again = Assert.Single(await ReceiveAsync(consumer, 1));
        Assert.Equal(Id(both[1]), Id(again));
        await consumer.AckAsync(longer).Within("acknowledged with the new receipt");
        await consumer.AckAsync(again).Within("acknowledged");
    }

    [Fact]
    public async Task In_order_a_queue_gives_nothing_while_something_is_open()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        for (int i = 0; i < 4; i++)
        {
            await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes($"{i}")), "key").Within("send completed");
        }

        await Routed(cluster, "t");
        await using SimpleConsumer consumer = await StartAsync(cluster, options =>
        {
            options.Ordered = true;
            options.InvisibleTime = TimeSpan.FromSeconds(30);
        });
        PoppedMessage first = Assert.Single(await consumer.ReceiveAsync(1, TimeSpan.FromSeconds(10)).Within("the first came"));
        Assert.Empty(await consumer.ReceiveAsync(1, TimeSpan.FromMilliseconds(200)).Within("nothing came"));
        await consumer.AckAsync(first).Within("acknowledged");
        PoppedMessage second = Assert.Single(await consumer.ReceiveAsync(1, TimeSpan.FromSeconds(10)).Within("the second came"));
        Assert.Equal((0L, 1L), (first.Message.QueueOffset, second.Message.QueueOffset));
    }

    [Fact]
    public async Task A_message_that_comes_later_ends_the_wait()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await using SimpleConsumer consumer = await StartAsync(cluster);
        Task<IReadOnlyList<PoppedMessage>> waiting = consumer.ReceiveAsync(1, TimeSpan.FromSeconds(20)).AsTask();
        await producer.SendAsync(new Message("t", "late"u8.ToArray())).Within("send completed");
        Assert.Equal("late", Encoding.UTF8.GetString(Assert.Single(await waiting.Within("the message came")).Message.Body.Span));
    }

    [Theory]
    [InlineData("5 1700000000000 60000 3 1 broker-a 2 7", "%RETRY%g_t")]
    [InlineData("5 1700000000000 60000 3 2 broker-a 2 7", "%RETRY%g+t")]
    [InlineData("5 1700000000000 60000 3 0 broker-a 2 7", "t")]
    public void A_receipt_handle_reads_back_and_says_the_topic(string text, string topic)
    {
        Receipt receipt = Receipt.Parse(text)!;
        Assert.Equal(text, receipt.ToString());
        Assert.Equal(topic, receipt.TopicOf("t", "g"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 2 3")]
    [InlineData("x 1700000000000 60000 3 1 broker-a 2 7")]
    public void What_is_no_receipt_handle_is_refused(string text) => Assert.Null(Receipt.Parse(text));

    private static string Id(PoppedMessage popped) => popped.Message.MessageId;

    private static async Task<SimpleConsumer> StartAsync(LocalCluster cluster, Action<SimpleConsumerOptions>? configure = null)
    {
        var options = new SimpleConsumerOptions { Group = "pops", Client = { NameServers = cluster.NameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) } };
        configure?.Invoke(options);
        var consumer = new SimpleConsumer(options);
        consumer.Subscribe("t");
        await consumer.StartAsync().Within("started");
        return consumer;
    }

    private static async Task<List<PoppedMessage>> ReceiveAsync(SimpleConsumer consumer, int count)
    {
        var received = new List<PoppedMessage>();
        long start = TimeProvider.System.GetTimestamp();
        while (received.Count < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Waiting.Patience, $"{count} messages were received; {received.Count} were");
            received.AddRange(await consumer.ReceiveAsync(count - received.Count, TimeSpan.FromSeconds(1)).Within("receive ended"));
        }

        return received;
    }
}
