using ProtoBridgeMQ.Bridge.Filters;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Where a session is in the part of a filter's queue that one broker has. Used by its feed alone.</summary>
internal sealed class FilterCursor(SessionSubscription subscription, string broker, long next)
{
    private int _arrived = 1;

    /// <summary>What it is read for; replaced when the client subscribes again.</summary>
    public SessionSubscription Subscription { get; set; } = subscription;

    public string Broker { get; } = broker;

    /// <summary>The next entry.</summary>
    public long Next { get; set; } = next;

    /// <summary>What lies before it came while the client was away.</summary>
    public long AwayUntil { get; set; }

    /// <summary>Messages that were left out since the last one that was delivered, because they are not kept any more.</summary>
    public long Missing { get; set; }

    public FilterPlace Place => new(Subscription.Filter, Broker, Next);

    /// <summary>There may be something to read. Any thread.</summary>
    public void Arrived() => Volatile.Write(ref _arrived, 1);

    /// <summary>Whether there may be something to read; the question takes the answer back.</summary>
    public bool TakeArrived() => Interlocked.Exchange(ref _arrived, 0) == 1;
}
