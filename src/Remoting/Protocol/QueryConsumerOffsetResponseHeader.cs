using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: an offset.</summary>
public readonly record struct QueryConsumerOffsetResponseHeader : IHeaderWriter, IHeaderReader<QueryConsumerOffsetResponseHeader>
{
    /// <summary>The offset.</summary>
    public required long Offset { get; init; }

    /// <inheritdoc/>
    public static QueryConsumerOffsetResponseHeader Read(HeaderFields fields) => new()
    {
        Offset = fields.GetInt64("offset"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("offset"u8, Offset);
    }
}
