namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>Where a message was stored.</summary>
/// <param name="MessageId">Names the message for look-ups.</param>
/// <param name="QueueId">Queue of the topic.</param>
/// <param name="QueueOffset">Position in that queue, gap-free from 0.</param>
public readonly record struct PublishReceipt(MessageId MessageId, int QueueId, long QueueOffset)
{
    /// <summary>With what a message that waits for its time is called back; null for others.</summary>
    public string? RecallHandle { get; init; }
}
