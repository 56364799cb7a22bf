using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>
/// The latest retained message of each MQTT topic name. They are written by <see cref="IMessageBridge.PublishAsync"/> of
/// a message with <see cref="PublishMessage.Retain"/>, by any gateway of the cluster, and are kept in the log.
/// </summary>
/// <remarks>Thread safe.</remarks>
public interface IRetainedMessages
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Bytes that they take in the log.</summary>
    long Bytes { get; }

    /// <summary>
    /// Completes when every retained message that this gateway acknowledged before the call will be found, and of other
    /// gateways' every one that consumers could see.
    /// </summary>
    /// <exception cref="BridgeException">The brokers do not answer: what is known is still found.</exception>
    ValueTask CatchUpAsync(CancellationToken cancellationToken = default);

    /// <summary>Continues a search: finds some more of the messages that match, in the order of their names.</summary>
    /// <param name="search">What is looked for, and how far the search has come; its last findings are replaced.</param>
    /// <param name="max">At most so many findings.</param>
    /// <param name="now">Messages that expired by then are not found.</param>
    void Continue(RetainedSearch search, int max, DateTimeOffset now);

    /// <summary>
    /// Reads a message that was found. One that was replaced meanwhile is read as it is now; one that was removed is left out.
    /// </summary>
    /// <param name="found">What a search found.</param>
    /// <param name="batch">Where the message is added.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BridgeException">The brokers do not answer.</exception>
    ValueTask ReadAsync(RetainedReference found, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads a message by the place of its record: the <see cref="BridgeMessage.QueueOffset"/> that
    /// <see cref="ReadAsync"/> said. False when it is there no longer, because another one replaced it or it was removed, and the log was compacted.
    /// </summary>
    /// <param name="offset">The place.</param>
    /// <param name="batch">Where the message is added.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BridgeException">The brokers do not answer.</exception>
    ValueTask<bool> ReadAtAsync(long offset, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Forgets messages that expired; how many they were.</summary>
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default);
}
