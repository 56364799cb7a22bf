namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>What is damaged.</summary>
public enum DamageKind
{
    /// <summary>A record of the commit log: its message is left out.</summary>
    Record,

    /// <summary>An entry of a consume queue. The log has the message: it is found there.</summary>
    QueueEntry,
}

/// <summary>Who met it.</summary>
public enum DamageFinder
{
    /// <summary>The start of the store.</summary>
    Recovery,

    /// <summary>A read by queue or offset.</summary>
    Read,

    /// <summary>A reader that walks the log.</summary>
    Tail,

    /// <summary>The dispatcher, between write and queue entry.</summary>
    Dispatch,

    /// <summary>The scrub.</summary>
    Scrub,
}

/// <summary>Bytes that are not what was written. As far as it is known: what is damaged need not name its queue any more.</summary>
/// <param name="Kind">What is damaged.</param>
/// <param name="FoundBy">Who met it first.</param>
/// <param name="PhysicalOffset">Where in the commit log; of an entry, where it points.</param>
/// <param name="Topic">Topic; null when it is not known.</param>
/// <param name="QueueId">Queue; -1 when it is not known.</param>
/// <param name="QueueOffset">Place in the queue; -1 when it is not known.</param>
/// <param name="FoundAt">When.</param>
public sealed record Damage(DamageKind Kind, DamageFinder FoundBy, long PhysicalOffset, string? Topic, int QueueId, long QueueOffset, DateTimeOffset FoundAt);
