using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for a group's settings (code 352).</summary>
public readonly record struct GetSubscriptionGroupConfigRequestHeader : IHeaderWriter, IHeaderReader<GetSubscriptionGroupConfigRequestHeader>
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetSubscriptionGroupConfigRequestHeader Read(HeaderFields fields) => new()
    {
        Group = fields.GetString("group"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("group"u8, Group);
        fields.Add("bname"u8, BrokerName);
    }
}
