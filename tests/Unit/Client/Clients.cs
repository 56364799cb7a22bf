using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Started clients of a cluster, and waits for what they see.</summary>
internal static class Clients
{
    /// <summary>Asks again and again, for what only a request tells.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Waiting.Patience, $"this had not happened: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public static async Task QueuedAsync(ClusterConnection connection, string topic, int atLeast)
    {
        var admin = new AdminClient(connection);
        long start = TimeProvider.System.GetTimestamp();
        while (((await admin.FindRouteAsync(topic))?.WriteQueues.Count ?? 0) < atLeast)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Waiting.Patience, $"the name server knows {atLeast} queues of {topic}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public static async Task Routed(LocalCluster cluster, string topic)
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await QueuedAsync(connection, topic, 1);
    }

    /// <summary>Consumers see a message a moment after it is acknowledged: waits until the ends of the queues have passed so many.</summary>
    public static async Task StoredAsync(LocalCluster cluster, int count, string topic = "t")
    {
        await Routed(cluster, topic);
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        var admin = new AdminClient(connection);
        await EventuallyAsync(async () => (await admin.GetTopicEndsAsync(topic)).Sum(queue => queue.End - queue.First) >= count, $"{count} messages of {topic} can be read");
    }

    public static async Task SendManyAsync(Producer producer, int count, string prefix)
    {
        for (int i = 0; i < count; i++)
        {
            await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes($"{prefix}{i}"))).Within($"send of {prefix}{i} completed");
        }
    }

    public static MessageQueue[] Queues(PushConsumer consumer) => [.. consumer.Assignment.Queues.Where(queue => queue.Topic == "t")];

    public static Task QueuesAsync(PushConsumer consumer, int count)
        => Eventually.True(() => Queues(consumer).Length == count, $"the member has {count} queues");

    public static async Task<Producer> ProducerAsync(LocalCluster cluster, Action<ProducerOptions>? configure = null, Action<ClientOptions>? configureClient = null)
    {
        var options = new ProducerOptions { Client = { NameServers = cluster.NameServers } };
        configure?.Invoke(options);
        configureClient?.Invoke(options.Client);
        var producer = new Producer(options);
        await producer.StartAsync();
        return producer;
    }

    public static async Task<PushConsumer> ConsumerAsync(
        LocalCluster cluster, Inbox inbox, string group, string expression = "*", Action<PushConsumerOptions>? configure = null)
    {
        var options = new PushConsumerOptions { Group = group, From = ConsumeFrom.First, Client = { NameServers = cluster.NameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) } };
        configure?.Invoke(options);
        var consumer = new PushConsumer(options, inbox.HandleAsync);
        consumer.Subscribe("t", expression);
        await consumer.StartAsync();
        return consumer;
    }
}
