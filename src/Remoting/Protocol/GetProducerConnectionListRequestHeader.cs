using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the producers of a group (code 204).</summary>
public readonly record struct GetProducerConnectionListRequestHeader : IHeaderWriter, IHeaderReader<GetProducerConnectionListRequestHeader>
{
    /// <summary>The group.</summary>
    public required string ProducerGroup { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetProducerConnectionListRequestHeader Read(HeaderFields fields) => new()
    {
        ProducerGroup = fields.GetString("producerGroup"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("bname"u8, BrokerName);
    }
}
