namespace ProtoBridgeMQ.Bridge;

/// <summary>Whether the brokers behind a bridge can be written to and read from, and why not.</summary>
/// <param name="CanPublish">A publish would be tried.</param>
/// <param name="CanReceive">A receive would be tried.</param>
/// <param name="Reason">For people, when either is false: disk full, read-only after a write error, name server lost.</param>
public readonly record struct BridgeStatus(bool CanPublish, bool CanReceive, string? Reason)
{
    /// <summary>Everything works.</summary>
    public static BridgeStatus Ready => new(true, true, null);
}
