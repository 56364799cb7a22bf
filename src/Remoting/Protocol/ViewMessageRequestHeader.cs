using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the message at a commit log offset (code 33).</summary>
public readonly record struct ViewMessageRequestHeader : IHeaderWriter, IHeaderReader<ViewMessageRequestHeader>
{
    /// <summary>The topic.</summary>
    public string? Topic { get; init; }

    /// <summary>The commit log offset.</summary>
    public required long Offset { get; init; }

    /// <inheritdoc/>
    public static ViewMessageRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetStringOrNull("topic"u8),
        Offset = fields.GetInt64("offset"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("offset"u8, Offset);
    }
}
