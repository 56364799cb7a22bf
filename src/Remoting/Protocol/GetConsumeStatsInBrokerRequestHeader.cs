using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks where all groups are (code 317).</summary>
public readonly record struct GetConsumeStatsInBrokerRequestHeader : IHeaderWriter, IHeaderReader<GetConsumeStatsInBrokerRequestHeader>
{
    /// <summary>Ordered topics only.</summary>
    public required bool IsOrder { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumeStatsInBrokerRequestHeader Read(HeaderFields fields) => new()
    {
        IsOrder = fields.GetBoolean("isOrder"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("isOrder"u8, IsOrder);
        fields.Add("bname"u8, BrokerName);
    }
}
