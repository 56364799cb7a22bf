using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: the ends of a filter's queue (codes 700001, 700002).</summary>
public readonly record struct FilterQueueRangeHeader : IHeaderWriter, IHeaderReader<FilterQueueRangeHeader>
{
    /// <summary>Offset of the first entry.</summary>
    public required long MinOffset { get; init; }

    /// <summary>Offset after the last entry.</summary>
    public required long MaxOffset { get; init; }

    /// <inheritdoc/>
    public static FilterQueueRangeHeader Read(HeaderFields fields) => new()
    {
        MinOffset = fields.GetInt64("minOffset"u8),
        MaxOffset = fields.GetInt64("maxOffset"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("minOffset"u8, MinOffset);
        fields.Add("maxOffset"u8, MaxOffset);
    }
}
