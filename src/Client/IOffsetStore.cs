namespace ProtoBridgeMQ.Client;

/// <summary>
/// Keeps a consumer's progress somewhere else than brokers or local files do, such as in the database that its handlers write to.
/// </summary>
/// <remarks>Called from several queues at once. What it throws, other than cancellation, must be an <see cref="IOException"/>: then it is tried again.</remarks>
public interface IOffsetStore
{
    /// <summary>The next offset to handle of a queue; null when there is none yet, so that the consumer begins by <see cref="PushConsumerOptions.From"/>.</summary>
    ValueTask<long?> FindAsync(MessageQueue queue, CancellationToken cancellationToken);

    /// <summary>Keeps the progress of a queue: every message before this offset is handled.</summary>
    ValueTask SaveAsync(MessageQueue queue, long offset, CancellationToken cancellationToken);
}
