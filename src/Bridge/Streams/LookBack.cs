using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>What to look at again: the messages of a topic that were stored in a span of time.</summary>
/// <param name="Topic">The topic; one that does not exist has no messages.</param>
/// <param name="From">The earliest time of storing.</param>
/// <param name="To">The latest.</param>
public sealed record LookBack(string Topic, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>
    /// Brokers that may have some of the messages, as <see cref="IMessageBridge.Brokers"/> named them: without one of them the look fails
    /// instead of leaving its messages out.
    /// </summary>
    public IReadOnlyCollection<string> Brokers { get; init; } = [];

    /// <summary>Is shown the properties of each message, which are borrowed until it answers; false ends the look.</summary>
    public required Func<MessageProperties, bool> Show { get; init; }
}
