using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Calls a message back that waits for its time (code 370).</summary>
public readonly record struct RecallMessageRequestHeader : IHeaderWriter, IHeaderReader<RecallMessageRequestHeader>
{
    /// <summary>The producer's group.</summary>
    public string? ProducerGroup { get; init; }

    /// <summary>Topic of the message.</summary>
    public required string Topic { get; init; }

    /// <summary>What the answer to its send had.</summary>
    public required string RecallHandle { get; init; }

    /// <summary>The broker that is asked.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static RecallMessageRequestHeader Read(HeaderFields fields) => new()
    {
        ProducerGroup = fields.GetStringOrNull("producerGroup"u8),
        Topic = fields.GetString("topic"u8),
        RecallHandle = fields.GetString("recallHandle"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("bname"u8, BrokerName);
        fields.Add("topic"u8, Topic);
        fields.Add("recallHandle"u8, RecallHandle);
    }
}
