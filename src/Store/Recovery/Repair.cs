namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>A repair that was made when the store was opened.</summary>
/// <param name="Name">Its name, as in docs/storage.md.</param>
/// <param name="Crash">The crash that leaves what it repairs.</param>
/// <param name="Done">What it found and did here.</param>
public sealed record Repair(string Name, string Crash, string Done);

/// <summary>One kind of damage that a crash leaves, and its repair.</summary>
internal interface IRepair
{
    /// <summary>The crash that leaves it.</summary>
    string Crash { get; }

    /// <summary>Looks for the damage and repairs it; says what it did, or null when there was none.</summary>
    string? Apply(RecoveryState state);
}
