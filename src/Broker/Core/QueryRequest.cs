namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Asks for messages by a key.</summary>
/// <param name="Topic">The topic; need not exist any more.</param>
/// <param name="Key">One of the keys, or the unique key.</param>
/// <param name="MaxMessages">At most so many, the newest; capped by the broker's own limit.</param>
/// <param name="Begin">Earliest store time, Unix milliseconds.</param>
/// <param name="End">Latest store time, Unix milliseconds.</param>
/// <param name="UniqueOnly">Looks at unique keys alone.</param>
public readonly record struct QueryRequest(
    string Topic,
    string Key,
    int MaxMessages,
    long Begin = 0,
    long End = long.MaxValue,
    bool UniqueOnly = false);

/// <summary>How a query went.</summary>
public enum QueryStatus
{
    /// <summary>At least one message was found.</summary>
    Found,

    /// <summary>None was found.</summary>
    NotFound,

    /// <summary>As many queries as may be are under way.</summary>
    Busy,

    /// <summary>The broker keeps no key index.</summary>
    Disabled,
}

/// <summary>The answer to a query.</summary>
/// <param name="Status">How it went.</param>
/// <param name="LastTimestamp">Store time of the last message in the index, Unix milliseconds.</param>
/// <param name="LastOffset">Physical offset of the last message in the index.</param>
public readonly record struct QueryOutcome(QueryStatus Status, long LastTimestamp = 0, long LastOffset = 0);
