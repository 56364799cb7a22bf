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
    bool DurableState)
{
    /// <summary>Whether other gateways may work on the same brokers and state.</summary>
    public bool IsShared { get; init; }

    /// <summary>Any delay up to this can be asked for, besides the levels; zero: only the levels.</summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>Whether a message can be published with a delay.</summary>
    public bool Takes(TimeSpan delay) =>
        delay == TimeSpan.Zero || (delay > TimeSpan.Zero && delay <= MaxDelay) || DelayLevels.Contains(delay);
}
