using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>What the tests against a cluster of Apache RocketMQ have in common: a connection, topics, members, and reading all of a topic.</summary>
public abstract class ApacheTest : IAsyncDisposable
{
    protected static TimeSpan Patience => TimeSpan.FromSeconds(60);

    protected ClusterConnection Connection { get; } = new(Client());

    protected AdminClient Admin => new(Connection);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static ClientOptions Client() => new() { NameServers = ApacheCluster.NameServers };

    protected static string Text(ReceivedMessage message) => Member.Text(message);

    protected static Message Message(string topic, string body, string? tag = null, string? keys = null)
        => new(topic, Encoding.UTF8.GetBytes(body), tag, keys);

    protected static PushConsumerOptions Group(string group, MessageModel model = MessageModel.Clustering) => new()
    {
        Client = Client(),
        Group = group,
        Model = model,
        From = ConsumeFrom.First,
        RebalanceInterval = TimeSpan.FromSeconds(2),
        CommitInterval = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>Whether the brokers are of RocketMQ 4, by what the first one calls itself: <c>V4_9_8</c>.</summary>
    protected async Task<bool> IsFourAsync()
        => (await Admin.GetBrokerVersionAsync((await Admin.ListBrokersAsync())[0].Name)).StartsWith("V4_", StringComparison.Ordinal);

    /// <summary>A topic with so many queues that the name servers know.</summary>
    protected async Task<string> TopicAsync(string name, int queues = 4)
    {
        string topic = ApacheCluster.Name(name);
        await Admin.CreateTopicAsync(topic, queues);
        await Eventually.TrueAsync(async () => await Admin.FindRouteAsync(topic) is not null, $"the name servers know {topic}", Patience);
        return topic;
    }

    protected async Task<Producer> ProducerAsync(Action<ProducerOptions>? change = null)
    {
        var options = new ProducerOptions();
        change?.Invoke(options);
        var producer = new Producer(Connection, options);
        await producer.StartAsync();
        return producer;
    }

    protected async Task<List<ReceivedMessage>> ReadAllAsync(string topic, MessageFilter? filter = null)
    {
        await using var reader = new Reader(Connection, new ReaderOptions { Filter = filter ?? MessageFilter.All });
        List<ReceivedMessage> messages = [];
        await foreach (ReceivedMessage message in reader.ReadToEndAsync(topic, ReadFrom.Beginning))
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Reads until so many are there: brokers show a message a moment after they acknowledged it.</summary>
    protected async Task<List<ReceivedMessage>> ReadAllAsync(string topic, int count)
    {
        List<ReceivedMessage> messages = [];
        await Eventually.TrueAsync(async () => (messages = await ReadAllAsync(topic)).Count >= count, $"{count} messages are in {topic}", Patience);
        return messages;
    }

    protected static async Task SendAsync(Producer producer, string topic, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await producer.SendAsync(Message(topic, $"{i}"));
        }
    }
}
