using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a heartbeat.</summary>
public readonly record struct HeartbeatResponseHeader : IHeaderWriter, IHeaderReader<HeartbeatResponseHeader>
{
    /// <summary>Whether heartbeats without subscriptions are understood.</summary>
    public bool? SupportsHeartbeatV2 { get; init; }

    /// <summary>Whether this heartbeat changed what the broker knew.</summary>
    public bool? SubscriptionChanged { get; init; }

    /// <inheritdoc/>
    public static HeartbeatResponseHeader Read(HeaderFields fields) => new()
    {
        SupportsHeartbeatV2 = fields.GetBooleanOrNull("IS_SUPPORT_HEART_BEAT_V2"u8),
        SubscriptionChanged = fields.GetBooleanOrNull("IS_SUB_CHANGE"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("IS_SUPPORT_HEART_BEAT_V2"u8, SupportsHeartbeatV2);
        fields.Add("IS_SUB_CHANGE"u8, SubscriptionChanged);
    }
}
