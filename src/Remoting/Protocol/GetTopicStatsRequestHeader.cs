using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks how far a topic's queues reach (code 202).</summary>
public readonly record struct GetTopicStatsRequestHeader : IHeaderWriter, IHeaderReader<GetTopicStatsRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetTopicStatsRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("bname"u8, BrokerName);
    }
}
