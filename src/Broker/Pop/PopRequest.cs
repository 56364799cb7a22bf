using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>A pop, checked: topic and group exist and may be read.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Group">The group.</param>
/// <param name="QueueId">The queue; below 0 for all.</param>
/// <param name="MaxMessages">At most so many messages, 32 at most.</param>
/// <param name="InvisibleTime">Milliseconds that they stay invisible.</param>
public readonly record struct PopRequest(BrokerTopic Topic, SubscriptionGroup Group, int QueueId, int MaxMessages, long InvisibleTime)
{
    /// <summary>Whether a group without progress begins at the oldest message; else at the newest.</summary>
    public bool FromOldest { get; init; }

    /// <summary>Which messages; null for all.</summary>
    public IMessageFilter? Filter { get; init; }

    /// <summary>Whether a queue gives nothing more before what it gave is settled.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>The same in a repeated ordered pop.</summary>
    public string? AttemptId { get; init; }
}

/// <summary>How a pop went.</summary>
public enum PopStatus
{
    /// <summary>There are messages.</summary>
    Found,

    /// <summary>There are none now.</summary>
    Nothing,

    /// <summary>Too much is popped and not settled, or too much progress is kept.</summary>
    Full,
}

/// <summary>How settling went.</summary>
public enum PopSettleStatus
{
    /// <summary>It is kept, or was settled before.</summary>
    Ok,

    /// <summary>The offset is none of an ordered pop.</summary>
    OffsetIllegal,

    /// <summary>The log takes no writes: nothing changed.</summary>
    NotKept,
}

/// <summary>The answer to a change of the invisible time.</summary>
/// <param name="Status">How it went.</param>
/// <param name="PopTime">For the new handle.</param>
/// <param name="InvisibleTime">For the new handle.</param>
/// <param name="ReviveQueueId">For the new handle.</param>
public readonly record struct PopExtension(PopSettleStatus Status, long PopTime = 0, long InvisibleTime = 0, int ReviveQueueId = 0);
