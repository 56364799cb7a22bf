using System.Globalization;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// The checkpoint tells of messages and there is no segment: whoever opened it as an empty store would begin at offset 0 and
/// cut off every queue. No crash leaves that, for a segment is on the disk before the checkpoint speaks of it, and retention
/// keeps the last one.
/// </summary>
internal static class MissingLog
{
    /// <summary>Refuses before anything is changed.</summary>
    public static void Refuse(RecoveryState state)
    {
        if (!state.HasCheckpoint || state.Checkpoint.RecoverOffset == 0 || !IsEmpty(state))
            return;
        throw new StoreUnusableException(
            $"'{state.LogDirectory}' has no segments, though the checkpoint knows of messages {Known(state)}. "
            + "Restore the segments from a copy, or from where Apache RocketMQ's storePathCommitLog had them; or move the whole store directory away to begin with an empty one.");
    }

    /// <summary>Retention may leave one that was reserved and never written, but not as the first of all.</summary>
    private static bool IsEmpty(RecoveryState state) =>
        state.Segments.Count == 0 || (state.Segments is [{ BaseOffset: 0 }] && state.TailLength == 0);

    private static string Known(RecoveryState state) => state.Checkpoint.RecoverOffset > 0
        ? $"up to offset {state.Checkpoint.RecoverOffset}"
        : string.Create(CultureInfo.InvariantCulture, $"stored until {Time(state.Checkpoint.PhysicTimestamp):yyyy-MM-dd HH:mm:ss} UTC");

    /// <summary>A damaged page may say any number.</summary>
    private static DateTimeOffset Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
