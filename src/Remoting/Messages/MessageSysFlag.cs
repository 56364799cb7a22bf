namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>Bits of a message's system flag.</summary>
public static class MessageSysFlag
{
    /// <summary>The body is compressed.</summary>
    public const int Compressed = 1;

    /// <summary>The tags property holds several tags.</summary>
    public const int MultiTags = 1 << 1;

    /// <summary>Mask of the two bits of the transaction state.</summary>
    public const int TransactionMask = 3 << 2;

    /// <summary>Half message; gets no queue entry.</summary>
    public const int TransactionPrepared = 1 << 2;

    /// <summary>Committed message.</summary>
    public const int TransactionCommit = 2 << 2;

    /// <summary>Rolled back message; gets no queue entry.</summary>
    public const int TransactionRollback = 3 << 2;

    /// <summary>The born host is IPv6.</summary>
    public const int BornHostV6 = 1 << 4;

    /// <summary>The store host is IPv6.</summary>
    public const int StoreHostV6 = 1 << 5;

    /// <summary>The body is a batch that the reader must unwrap.</summary>
    public const int NeedUnwrap = 1 << 6;

    /// <summary>The record is an inner batch of a batch queue.</summary>
    public const int InnerBatch = 1 << 7;

    /// <summary>Mask of the compression type.</summary>
    public const int CompressionMask = 7 << 8;

    /// <summary>LZ4.</summary>
    public const int CompressionLz4 = 1 << 8;

    /// <summary>Zstandard.</summary>
    public const int CompressionZstd = 2 << 8;

    /// <summary>zlib; also what 0 means, as 4.x clients do not set a type.</summary>
    public const int CompressionZlib = 3 << 8;

    /// <summary>Whether a message with this flag takes a place in its queue: half and rolled back messages do not.</summary>
    public static bool TakesQueueOffset(int sysFlag) =>
        (sysFlag & TransactionMask) is 0 or TransactionCommit;
}
