namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>How far the log is read while a store opens.</summary>
/// <param name="IsRebuild">Everything that is built from the log is built again.</param>
/// <param name="Start">Physical offset where reading began.</param>
/// <param name="Position">Where it is.</param>
/// <param name="End">Where it ends, as far as that is known before.</param>
/// <param name="Entries">Queue entries made so far.</param>
public readonly record struct RecoveryProgress(bool IsRebuild, long Start, long Position, long End, long Entries)
{
    /// <summary>Part that is done, 0 to 1.</summary>
    public double Share => End <= Start ? 1 : Math.Clamp((double)(Position - Start) / (End - Start), 0, 1);
}
