using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Tells a broker that another one of its set now has the lowest id (code 905).</summary>
public readonly record struct NotifyMinBrokerIdChangeRequestHeader : IHeaderWriter, IHeaderReader<NotifyMinBrokerIdChangeRequestHeader>
{
    /// <summary>The lowest id.</summary>
    public long? MinBrokerId { get; init; }

    /// <summary>The broker set's name.</summary>
    public string? BrokerName { get; init; }

    /// <summary>The address of the broker with that id.</summary>
    public string? MinBrokerAddress { get; init; }

    /// <summary>The address that went, if one did.</summary>
    public string? OfflineBrokerAddress { get; init; }

    /// <summary>Where the replicas of the new one connect.</summary>
    public string? HaBrokerAddress { get; init; }

    /// <inheritdoc/>
    public static NotifyMinBrokerIdChangeRequestHeader Read(HeaderFields fields) => new()
    {
        MinBrokerId = fields.GetInt64OrNull("minBrokerId"u8),
        BrokerName = fields.GetStringOrNull("brokerName"u8),
        MinBrokerAddress = fields.GetStringOrNull("minBrokerAddr"u8),
        OfflineBrokerAddress = fields.GetStringOrNull("offlineBrokerAddr"u8),
        HaBrokerAddress = fields.GetStringOrNull("haBrokerAddr"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("minBrokerId"u8, MinBrokerId);
        fields.Add("brokerName"u8, BrokerName);
        fields.Add("minBrokerAddr"u8, MinBrokerAddress);
        fields.Add("offlineBrokerAddr"u8, OfflineBrokerAddress);
        fields.Add("haBrokerAddr"u8, HaBrokerAddress);
    }
}
