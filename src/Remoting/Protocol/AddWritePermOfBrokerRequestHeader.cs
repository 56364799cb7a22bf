using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Allows reading and writing in the routes of all topics of a broker (code 327).</summary>
public readonly record struct AddWritePermOfBrokerRequestHeader : IHeaderWriter, IHeaderReader<AddWritePermOfBrokerRequestHeader>
{
    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <inheritdoc/>
    public static AddWritePermOfBrokerRequestHeader Read(HeaderFields fields) => new()
    {
        BrokerName = fields.GetString("brokerName"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("brokerName"u8, BrokerName);
    }
}
