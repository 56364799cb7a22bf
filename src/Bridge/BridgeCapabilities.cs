namespace ProtoBridgeMQ.Bridge;

/// <summary>What a bridge can do; fronts refuse in their protocol's own terms what it cannot.</summary>
/// <param name="Cluster">What the banner shows: <c>embedded</c>, or the name server addresses.</param>
/// <param name="Durability">What an acknowledgement promises, in one word for people: <c>fsync</c>, <c>async</c>, or what the cluster decides.</param>
/// <param name="MaxBodySize">Largest message body in bytes.</param>
/// <param name="MaxPropertiesSize">Largest property text in bytes.</param>
/// <param name="DelayLevels">The delays that can be asked for, ascending.</param>
/// <param name="DurableState">Whether <see cref="IMessageBridge.State"/> survives a crash.</param>
public sealed record BridgeCapabilities(
    string Cluster,
    string Durability,
    int MaxBodySize,
    int MaxPropertiesSize,
    IReadOnlyList<TimeSpan> DelayLevels,
    bool DurableState);
