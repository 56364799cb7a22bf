using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks when the first message of a queue was stored (code 32).</summary>
public readonly record struct GetEarliestMsgStoreTimeRequestHeader : IHeaderWriter, IHeaderReader<GetEarliestMsgStoreTimeRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetEarliestMsgStoreTimeRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("bname"u8, BrokerName);
    }
}
