using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>What to look at again: the messages of a topic that were stored in a span of time.</summary>
/// <param name="Topic">The topic; one that does not exist has no messages.</param>
/// <param name="From">The earliest time of storing.</param>
/// <param name="To">The latest.</param>
public sealed record LookBack(string Topic, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Is shown the properties of each message, which are borrowed until it answers; false ends the look.</summary>
    public required Func<MessageProperties, bool> Show { get; init; }
}
