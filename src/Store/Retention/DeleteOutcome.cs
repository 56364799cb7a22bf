namespace ProtoBridgeMQ.Store.Retention;

/// <summary>What a request to delete did.</summary>
/// <param name="MinPhysicalOffset">Where the log begins now.</param>
/// <param name="HeldBy">The guard that kept it from going further; null when none did.</param>
/// <param name="IsDone">False when a file could not be deleted yet; it is tried again.</param>
public sealed record DeleteOutcome(long MinPhysicalOffset, string? HeldBy, bool IsDone);
