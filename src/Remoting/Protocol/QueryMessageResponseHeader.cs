using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a query by key; the body is message records, oldest first.</summary>
public readonly record struct QueryMessageResponseHeader : IHeaderWriter, IHeaderReader<QueryMessageResponseHeader>
{
    /// <summary>Store time of the last message in the index, milliseconds since 1970; 0 when nothing was found.</summary>
    public required long IndexLastUpdateTimestamp { get; init; }

    /// <summary>Commit log offset of the last message in the index; 0 when nothing was found.</summary>
    public required long IndexLastUpdateOffset { get; init; }

    /// <inheritdoc/>
    public static QueryMessageResponseHeader Read(HeaderFields fields) => new()
    {
        IndexLastUpdateTimestamp = fields.GetInt64("indexLastUpdateTimestamp"u8),
        IndexLastUpdateOffset = fields.GetInt64("indexLastUpdatePhyoffset"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("indexLastUpdateTimestamp"u8, IndexLastUpdateTimestamp);
        fields.Add("indexLastUpdatePhyoffset"u8, IndexLastUpdateOffset);
    }
}
