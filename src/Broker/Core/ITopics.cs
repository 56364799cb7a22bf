namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The topics of this broker.</summary>
/// <remarks>Thread safe; look-ups take no lock and allocate nothing.</remarks>
public interface ITopics
{
    /// <summary>How many there are, the system's included.</summary>
    int Count { get; }

    /// <summary>Finds a topic by its name.</summary>
    BrokerTopic? Find(string name);

    /// <summary>Finds a topic by its name in UTF-8.</summary>
    BrokerTopic? Find(ReadOnlySpan<byte> name);

    /// <summary>All topics as of now, the system's included.</summary>
    IReadOnlyList<BrokerTopic> All();

    /// <summary>
    /// Finds a topic, or creates it because somebody sends to it, when <paramref name="defaultTopic"/> exists and
    /// lets topics inherit from it and the limit on the number of topics is not reached.
    /// </summary>
    /// <param name="name">Name in UTF-8.</param>
    /// <param name="defaultTopic">Usually TBW102; empty: do not create.</param>
    /// <param name="defaultQueues">Queues the sender would like; capped by the default topic's.</param>
    /// <param name="topic">The topic when the answer is Ok.</param>
    SendStatus Resolve(ReadOnlySpan<byte> name, string defaultTopic, int defaultQueues, out BrokerTopic? topic);

    /// <summary>
    /// Creates a topic or changes its settings; it is persisted and registered at the name servers at once.
    /// </summary>
    /// <returns>Ok, TopicInvalid or TopicLimit.</returns>
    SendStatus Put(BrokerTopic topic);

    /// <summary>Removes a topic from the table; its messages stay until the log is cleaned. System topics are refused.</summary>
    SendStatus Remove(string name);

    /// <summary>Raised after a topic came, changed or went. Handlers must be quick.</summary>
    event Action<BrokerTopic>? Changed;
}
