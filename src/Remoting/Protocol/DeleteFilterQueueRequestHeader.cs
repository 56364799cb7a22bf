using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Deletes the queue of the filter in the body (code 700003).</summary>
public readonly record struct DeleteFilterQueueRequestHeader : IHeaderWriter, IHeaderReader<DeleteFilterQueueRequestHeader>
{
    /// <summary>Milliseconds: a queue that somebody made or found within them stays.</summary>
    public required long UnusedFor { get; init; }

    /// <inheritdoc/>
    public static DeleteFilterQueueRequestHeader Read(HeaderFields fields) => new() { UnusedFor = fields.GetInt64("unusedFor"u8) };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields) => fields.Add("unusedFor"u8, UnusedFor);
}
