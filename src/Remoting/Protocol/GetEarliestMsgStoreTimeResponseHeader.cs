using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: a time.</summary>
public readonly record struct GetEarliestMsgStoreTimeResponseHeader : IHeaderWriter, IHeaderReader<GetEarliestMsgStoreTimeResponseHeader>
{
    /// <summary>Milliseconds since 1970, or -1.</summary>
    public required long Timestamp { get; init; }

    /// <inheritdoc/>
    public static GetEarliestMsgStoreTimeResponseHeader Read(HeaderFields fields) => new()
    {
        Timestamp = fields.GetInt64("timestamp"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("timestamp"u8, Timestamp);
    }
}
