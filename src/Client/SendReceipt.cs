namespace ProtoBridgeMQ.Client;

/// <summary>How well a stored message is kept.</summary>
public enum SendStatus
{
    /// <summary>Stored, as durable as the broker is configured for.</summary>
    Ok,

    /// <summary>Stored in memory; the disk did not confirm in time.</summary>
    FlushDiskTimeout,

    /// <summary>Stored on the master; its replica did not confirm in time.</summary>
    FlushReplicaTimeout,

    /// <summary>Stored on the master; there is no replica to confirm.</summary>
    ReplicaNotAvailable,
}

/// <summary>Where a message was stored.</summary>
/// <param name="Status">How well it is kept.</param>
/// <param name="MessageId">The id that this client gave the message (UNIQ_KEY); the same in every delivery of it.</param>
/// <param name="OffsetMessageId">The id by which a broker finds it: address and log position, hexadecimal.</param>
/// <param name="Queue">The queue.</param>
/// <param name="QueueOffset">Its position in the queue.</param>
public readonly record struct SendReceipt(
    SendStatus Status, string MessageId, string OffsetMessageId, MessageQueue Queue, long QueueOffset)
{
    /// <summary>
    /// With what a message that waits for its time can be called back (<see cref="Producer.RecallAsync"/>); null for others, and from
    /// brokers that do not know it.
    /// </summary>
    public string? RecallHandle { get; init; }

    /// <summary>The region of the broker, as traces name it; null when it does not say.</summary>
    internal string? Region { get; init; }
}
