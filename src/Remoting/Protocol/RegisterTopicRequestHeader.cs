using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Adds the queues of one topic to the routes (code 217).</summary>
public readonly record struct RegisterTopicRequestHeader : IHeaderWriter, IHeaderReader<RegisterTopicRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <inheritdoc/>
    public static RegisterTopicRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
    }
}
