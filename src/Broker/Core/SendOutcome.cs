namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The answer to a send.</summary>
/// <param name="Status">What became of it; the other fields are set when it is <see cref="SendStatus.Ok"/>.</param>
/// <param name="QueueId">The queue it went to.</param>
/// <param name="QueueOffset">Its offset in the queue; of a batch the first.</param>
/// <param name="PhysicalOffset">Where its record is in the commit log; of a batch the first. With
/// <see cref="IBrokerCore.StoreHost"/> it makes the message id.</param>
/// <param name="Remark">For people, when refused: which limit, which name. A constant or made once: no secrets.</param>
public readonly record struct SendOutcome(
    SendStatus Status,
    int QueueId = 0,
    long QueueOffset = 0,
    long PhysicalOffset = 0,
    string? Remark = null)
{
    /// <summary>Offsets of all records of a batch; null for a single message.</summary>
    public long[]? BatchOffsets { get; init; }

    /// <summary>Of a message that waits for its time: the time in its recall handle, Unix milliseconds. 0 without.</summary>
    public long RecallTime { get; init; }
}
