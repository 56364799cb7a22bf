using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Has a transaction that was put aside asked about again (code 323).</summary>
public readonly record struct ResumeCheckHalfMessageRequestHeader : IHeaderWriter, IHeaderReader<ResumeCheckHalfMessageRequestHeader>
{
    /// <summary>The topic that the caller found the message in.</summary>
    public string? Topic { get; init; }

    /// <summary>The offset message id of what was put aside.</summary>
    public string? MessageId { get; init; }

    /// <inheritdoc/>
    public static ResumeCheckHalfMessageRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetStringOrNull("topic"u8),
        MessageId = fields.GetStringOrNull("msgId"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("msgId"u8, MessageId);
    }
}
