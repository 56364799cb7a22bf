namespace ProtoBridgeMQ.Client;

/// <summary>The queues of a topic, as the name servers know them.</summary>
/// <remarks>Immutable.</remarks>
public sealed class TopicRoute
{
    internal TopicRoute(string topic, IReadOnlyList<BrokerRoute> brokers, MessageQueue[] writeQueues, MessageQueue[] readQueues)
    {
        Topic = topic;
        Brokers = brokers;
        WriteQueueArray = writeQueues;
        ReadQueueArray = readQueues;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The broker sets that have it.</summary>
    public IReadOnlyList<BrokerRoute> Brokers { get; }

    /// <summary>Queues that can be sent to, in order: those whose broker set has a master.</summary>
    public IReadOnlyList<MessageQueue> WriteQueues => WriteQueueArray;

    /// <summary>Queues that can be consumed, in order.</summary>
    public IReadOnlyList<MessageQueue> ReadQueues => ReadQueueArray;

    internal MessageQueue[] WriteQueueArray { get; }

    internal MessageQueue[] ReadQueueArray { get; }
}

/// <summary>A broker set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Addresses">Advertised addresses by broker id; 0 is the master.</param>
public sealed record BrokerRoute(string Name, string Cluster, IReadOnlyDictionary<long, string> Addresses);
