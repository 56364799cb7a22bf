using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// One wait for messages to pop: the node of the lists that it is in. An owner may use it again as soon as
/// <see cref="Ended"/> began, or <see cref="IPopConsumers.CancelWait"/> answered true.
/// </summary>
public abstract class PopWait : DueNode
{
    /// <summary>What it waits for.</summary>
    public PopRequest Request { get; set; }

    /// <summary>Whether it is told of messages only, and pops none.</summary>
    public bool IsNotification { get; set; }

    /// <summary>Until when, Unix milliseconds.</summary>
    public long Deadline { get; set; }

    /// <summary>How often messages were there as soon as it waited, and were not for it. An owner sets it to 0 for a new wait.</summary>
    public int Disappointed { get; set; }

    internal int QueueId => Math.Max(-1, Request.QueueId);

    internal IMessageFilter? Filter => Request.Filter;

    internal PopWaitLists? List { get; set; }

    internal PopWait? Next { get; set; }

    internal PopWait? Previous { get; set; }

    internal ArrivalReason Reason { get; set; }

    /// <summary>Called once per wait, on a pool thread that wakes many: pop, hand it on, return soon.</summary>
    protected internal abstract void Ended(ArrivalReason reason);
}

/// <summary>How an attempt to wait went.</summary>
public enum PopHold
{
    /// <summary>It waits; <see cref="PopWait.Ended"/> will be called, or was.</summary>
    Held,

    /// <summary>Too many wait.</summary>
    Full,

    /// <summary>The time is over already, or no time was given.</summary>
    TimedOut,
}
