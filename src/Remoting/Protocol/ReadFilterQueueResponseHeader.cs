using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: records of a filter's queue, in the body one after the other (code 700005).</summary>
public readonly record struct ReadFilterQueueResponseHeader : IHeaderWriter, IHeaderReader<ReadFilterQueueResponseHeader>
{
    /// <summary>Where to read on.</summary>
    public required long NextOffset { get; init; }

    /// <summary>Entries passed over: they, or their records, are not there any more.</summary>
    public required long Missing { get; init; }

    /// <inheritdoc/>
    public static ReadFilterQueueResponseHeader Read(HeaderFields fields) => new()
    {
        NextOffset = fields.GetInt64("nextOffset"u8),
        Missing = fields.GetInt64("missing"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("nextOffset"u8, NextOffset);
        fields.Add("missing"u8, Missing);
    }
}
