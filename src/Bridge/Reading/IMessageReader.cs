using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Reading;

/// <summary>Reads the queues of topics at places that the caller keeps. Nothing is consumed and nobody's progress moves.</summary>
/// <remarks>Thread safe. Errors are <see cref="BridgeException"/>s.</remarks>
public interface IMessageReader
{
    /// <summary>The queues of a topic and their ends, in order; none when the topic does not exist.</summary>
    ValueTask<IReadOnlyList<QueueRange>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Offset of the first message of a queue that was stored at or after a time; the queue's end when there is none.</summary>
    ValueTask<long> SearchAsync(string topic, string queue, DateTimeOffset time, CancellationToken cancellationToken = default);

    /// <summary>Adds what lies in a queue from an offset on to the batch, which it does not clear. It does not wait for messages.</summary>
    /// <exception cref="BridgeException">There is no such topic or queue, or the filter does not parse.</exception>
    ValueTask<QueueRead> ReadAsync(QueueQuery query, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Adds the newest messages of a topic with a key to the batch, oldest first.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.Unsupported"/>: the brokers keep no index of keys.</exception>
    ValueTask FindByKeyAsync(KeyQuery query, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>
    /// Finds a message by the unique key that its publisher gave it (<see cref="PropertyNames.UniqueKey"/>), also one that waits for
    /// its time; null when none was stored since then. Sees what was acknowledged a moment ago in some milliseconds only.
    /// </summary>
    ValueTask<FoundPublish?> FindPublishAsync(string topic, string uniqueKey, DateTimeOffset since, CancellationToken cancellationToken = default);
}

/// <summary>A queue and what is kept of it.</summary>
/// <param name="Name">Names it within its topic: its number, and in a cluster its broker and number (<c>broker-a.3</c>).</param>
/// <param name="QueueId">Its number.</param>
/// <param name="First">Offset of the oldest message kept.</param>
/// <param name="End">Offset that the next message will have.</param>
public readonly record struct QueueRange(string Name, int QueueId, long First, long End);

/// <summary>What to read of a queue.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Queue">Name of the queue.</param>
/// <param name="Offset">The first offset wanted.</param>
/// <param name="MaxMessages">At least 1; fewer may come.</param>
public readonly record struct QueueQuery(string Topic, string Queue, long Offset, int MaxMessages)
{
    /// <summary>Stop before bodies and properties exceed this; one message always comes.</summary>
    public int MaxBytes { get; init; } = 1 << 20;

    /// <summary>Which messages; null for all.</summary>
    public GroupFilter? Filter { get; init; }
}

/// <summary>What a read found besides the messages.</summary>
/// <param name="Next">Where the next read goes on.</param>
/// <param name="Missed">Messages from the offset asked for on that are not kept any more.</param>
public readonly record struct QueueRead(long Next, long Missed);

/// <summary>Which messages to find.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Key">One of their keys, or their unique key.</param>
/// <param name="Max">At most so many.</param>
/// <param name="From">Stored then at the earliest.</param>
/// <param name="To">Stored then at the latest.</param>
public readonly record struct KeyQuery(string Topic, string Key, int Max, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>A message that was published before.</summary>
/// <param name="Receipt">Where it is.</param>
/// <param name="Digest">Value of <see cref="PropertyNames.RequestDigest"/>; null without.</param>
public sealed record FoundPublish(PublishReceipt Receipt, string? Digest);
