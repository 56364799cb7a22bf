namespace ProtoBridgeMQ.Store.Index;

/// <summary>Asks for messages by a key.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Key">One of the keys, or the unique key.</param>
/// <param name="MaxResults">Messages wanted; <see cref="StoreOptions.MaxIndexQueryResults"/> at most are given.</param>
/// <param name="Begin">Earliest store time, Unix milliseconds.</param>
/// <param name="End">Latest store time, Unix milliseconds.</param>
/// <param name="UniqueOnly">Looks at unique keys alone.</param>
public readonly record struct KeyQuery(string Topic, string Key, int MaxResults, long Begin = 0, long End = long.MaxValue, bool UniqueOnly = false);

/// <summary>How a query by key went.</summary>
public enum KeyQueryStatus
{
    /// <summary>All that match were found.</summary>
    Complete,

    /// <summary>There may be older ones: the wanted number was reached.</summary>
    Full,

    /// <summary>There may be older ones: <see cref="StoreOptions.MaxIndexQuerySteps"/> was reached.</summary>
    Cut,

    /// <summary>There may be others: the index is damaged there. Opening with <see cref="StoreOptions.Rebuild"/> builds it again.</summary>
    Damaged,

    /// <summary>As many queries as may be are under way already.</summary>
    Busy,

    /// <summary>The store has no key index.</summary>
    Disabled,
}

/// <summary>The answer to a query by key.</summary>
/// <param name="Status">Whether it is all.</param>
/// <param name="Offsets">Physical offsets of the messages, newest first.</param>
/// <param name="LastTimestamp">Store time of the last message in the index, Unix milliseconds; 0 when it is empty.</param>
/// <param name="LastOffset">Physical offset of the last message in the index.</param>
public sealed record KeyQueryResult(KeyQueryStatus Status, IReadOnlyList<long> Offsets, long LastTimestamp, long LastOffset);
