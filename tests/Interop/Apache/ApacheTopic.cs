using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>What nearly every test against Apache RocketMQ begins with: a topic that nobody else uses, a group of the same name, and a producer.</summary>
internal sealed class ApacheTopic : IAsyncDisposable
{
    private readonly ClusterConnection _connection;

    private ApacheTopic(ClusterConnection connection, string name, Producer producer)
    {
        _connection = connection;
        Name = name;
        Producer = producer;
    }

    /// <summary>How long a test waits for what a broker does.</summary>
    public static TimeSpan Patience => TimeSpan.FromSeconds(60);

    public string Name { get; }

    /// <summary>A group that nobody else uses.</summary>
    public string Group => Name;

    public Producer Producer { get; }

    /// <summary>Makes a topic with so many queues on each broker, and waits until the name servers know it.</summary>
    public static async Task<ApacheTopic> MakeAsync(ClusterConnection connection, string name, int queues, Action<ProducerOptions>? change)
    {
        var admin = new AdminClient(connection);
        string topic = ApacheCluster.Name(name);
        await admin.CreateTopicAsync(topic, queues);
        await Eventually.TrueAsync(async () => await admin.FindRouteAsync(topic) is not null, $"the name servers know {topic}", Patience);
        var options = new ProducerOptions();
        change?.Invoke(options);
        var producer = new Producer(connection, options);
        await producer.StartAsync();
        return new ApacheTopic(connection, topic, producer);
    }

    public Message Message(string body, string? tag = null, string? keys = null) => new(Name, Encoding.UTF8.GetBytes(body), tag, keys);

    /// <summary>Sends so many messages whose bodies are numbers.</summary>
    public async Task SendAsync(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await Producer.SendAsync(Message($"{i}"));
        }
    }

    public async Task<List<ReceivedMessage>> ReadAllAsync(MessageFilter? filter = null)
    {
        await using var reader = new Reader(_connection, new ReaderOptions { Filter = filter ?? MessageFilter.All });
        List<ReceivedMessage> messages = [];
        await foreach (ReceivedMessage message in reader.ReadToEndAsync(Name, ReadFrom.Beginning))
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Reads until so many are there: brokers show a message a moment after they acknowledged it.</summary>
    public async Task<List<ReceivedMessage>> ReadAllAsync(int count)
    {
        List<ReceivedMessage> messages = [];
        await Eventually.TrueAsync(async () => (messages = await ReadAllAsync()).Count >= count, $"{count} messages are in {Name}", Patience);
        return messages;
    }

    /// <summary>Options of a quick member of the group that begins first, with a connection of its own.</summary>
    public PushConsumerOptions Options(Action<PushConsumerOptions>? change = null)
    {
        var options = new PushConsumerOptions
        {
            Client = new ClientOptions { NameServers = ApacheCluster.NameServers },
            Group = Group,
            From = ConsumeFrom.First,
            RebalanceInterval = TimeSpan.FromSeconds(2),
            CommitInterval = TimeSpan.FromMilliseconds(500),
        };
        change?.Invoke(options);
        return options;
    }

    /// <summary>A started member.</summary>
    public async Task<Member> MemberAsync(Action<PushConsumerOptions>? change = null, MessageFilter? filter = null, int refuse = 0)
    {
        var member = new Member(Options(change), refuse);
        try
        {
            await member.StartAsync(Name, filter ?? MessageFilter.All);
            return member;
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Producer.DisposeAsync();
}
