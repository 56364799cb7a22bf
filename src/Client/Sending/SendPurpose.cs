namespace ProtoBridgeMQ.Client.Sending;

/// <summary>What a message is sent for: which request, and which properties and flags of RocketMQ's own it gets.</summary>
internal readonly record struct SendPurpose(SendKind Kind, int SystemFlag, SystemProperty[]? Properties)
{
    /// <summary>An ordinary message.</summary>
    public static SendPurpose Message => default;
}
