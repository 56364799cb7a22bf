using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Why a wait for messages ended.</summary>
public enum ArrivalReason
{
    /// <summary>A message that may match is there.</summary>
    Arrived,

    /// <summary>The time is over.</summary>
    TimedOut,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}

/// <summary>
/// One wait for the next message of one queue: the node of the long-poll table itself, so that a held pull costs no
/// task and no closure. An owner may use it again as soon as <see cref="Ended"/> began, or
/// <see cref="IBrokerCore.CancelWait"/> answered true.
/// </summary>
public abstract class ArrivalWait
{
    /// <summary>The topic.</summary>
    public string Topic { get; set; } = string.Empty;

    /// <summary>The queue.</summary>
    public int QueueId { get; set; }

    /// <summary>The queue offset waited for: the wait ends when the queue's end is beyond it.</summary>
    public long Offset { get; set; }

    /// <summary>Which messages end the wait; null for all.</summary>
    public IMessageFilter? Filter { get; set; }

    /// <summary>How long to wait.</summary>
    public TimeSpan Timeout { get; set; }

    internal ArrivalWait? Next { get; set; }

    internal ArrivalWait? Previous { get; set; }

    internal object? Home { get; set; }

    internal long Deadline { get; set; }

    internal ArrivalReason Reason { get; set; }

    /// <summary>
    /// Called once per wait, on a pool thread that wakes many: read what is there, hand it on, return soon.
    /// </summary>
    protected internal abstract void Ended(ArrivalReason reason);
}
