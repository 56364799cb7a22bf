using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks a broker for the settings of a topic (code 351).</summary>
public readonly record struct TopicConfigRequestHeader : IHeaderWriter, IHeaderReader<TopicConfigRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <inheritdoc/>
    public static TopicConfigRequestHeader Read(HeaderFields fields) => new() { Topic = fields.GetString("topic"u8) };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields) => fields.Add("topic"u8, Topic);
}
