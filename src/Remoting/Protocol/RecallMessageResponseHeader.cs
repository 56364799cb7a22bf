using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a recall.</summary>
public readonly record struct RecallMessageResponseHeader : IHeaderWriter, IHeaderReader<RecallMessageResponseHeader>
{
    /// <summary>The unique key of the message that will not come.</summary>
    public string? MessageId { get; init; }

    /// <summary>The region the broker is in.</summary>
    public string? RegionId { get; init; }

    /// <inheritdoc/>
    public static RecallMessageResponseHeader Read(HeaderFields fields) => new()
    {
        MessageId = fields.GetStringOrNull("msgId"u8),
        RegionId = fields.GetStringOrNull("MSG_REGION"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("msgId"u8, MessageId);
        fields.Add("MSG_REGION"u8, RegionId);
    }
}
