namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>A message on its way out: a view into the <see cref="MessageBatch"/> that received it.</summary>
/// <remarks>Lifetime: until the batch is cleared, received into again, or disposed.</remarks>
public readonly struct BridgeMessage
{
    /// <summary>The topic it was published to; for a message that comes again, the original one, not the retry topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Queue of the topic in the log.</summary>
    public required int QueueId { get; init; }

    /// <summary>Position in that queue.</summary>
    public required long QueueOffset { get; init; }

    /// <summary>Names the message for look-ups.</summary>
    public required MessageId MessageId { get; init; }

    /// <summary>When the client made it.</summary>
    public required DateTimeOffset BornAt { get; init; }

    /// <summary>When the broker stored it.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>1 for the first delivery to the group, counted up by every redelivery; 1 for tail streams.</summary>
    public required int Attempt { get; init; }

    /// <summary>
    /// Messages of the same queue directly before this one that were deleted before the group read them: retention was
    /// faster. 0 where nothing is missing, and for tail streams.
    /// </summary>
    public long Missing { get; init; }

    /// <summary>Where it lies in the log of its broker; said by <see cref="Filters.IFilterQueues"/> alone.</summary>
    public long LogOffset { get; init; }

    /// <summary>What <see cref="Streams.IMessageStream.SettleAsync"/> takes; default for tail streams.</summary>
    public required DeliveryId Delivery { get; init; }

    /// <summary>Tag, keys, system and user properties.</summary>
    public required MessageProperties Properties { get; init; }

    /// <summary>The body, decompressed.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
}
