using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Reads the queue of the filter in the body (code 700005).</summary>
public readonly record struct ReadFilterQueueRequestHeader : IHeaderWriter, IHeaderReader<ReadFilterQueueRequestHeader>
{
    /// <summary>From where.</summary>
    public required long Offset { get; init; }

    /// <summary>Records, at most.</summary>
    public required int MaxMessages { get; init; }

    /// <summary>Bytes of records after which no further one is read.</summary>
    public required int MaxBytes { get; init; }

    /// <inheritdoc/>
    public static ReadFilterQueueRequestHeader Read(HeaderFields fields) => new()
    {
        Offset = fields.GetInt64("offset"u8),
        MaxMessages = fields.GetInt32("maxMessages"u8),
        MaxBytes = fields.GetInt32("maxBytes"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("offset"u8, Offset);
        fields.Add("maxMessages"u8, MaxMessages);
        fields.Add("maxBytes"u8, MaxBytes);
    }
}
