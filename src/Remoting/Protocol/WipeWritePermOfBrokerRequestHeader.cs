using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Forbids writing to a broker in the routes of all its topics (code 205).</summary>
public readonly record struct WipeWritePermOfBrokerRequestHeader : IHeaderWriter, IHeaderReader<WipeWritePermOfBrokerRequestHeader>
{
    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <inheritdoc/>
    public static WipeWritePermOfBrokerRequestHeader Read(HeaderFields fields) => new()
    {
        BrokerName = fields.GetString("brokerName"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("brokerName"u8, BrokerName);
    }
}
