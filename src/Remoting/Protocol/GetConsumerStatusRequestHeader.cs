using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks running consumers where they are (codes 221 and 223).</summary>
public readonly record struct GetConsumerStatusRequestHeader : IHeaderWriter, IHeaderReader<GetConsumerStatusRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>One client id; absent or blank: all.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumerStatusRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        Group = fields.GetString("group"u8),
        ClientAddress = fields.GetStringOrNull("clientAddr"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("group"u8, Group);
        fields.Add("clientAddr"u8, ClientAddress);
        fields.Add("bname"u8, BrokerName);
    }
}
