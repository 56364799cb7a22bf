using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>The last segment's file does not have its full size.</summary>
internal sealed class ShortTailSegment : IRepair
{
    public string Crash => "The process died between making a segment's file and reserving its blocks.";

    public string? Apply(RecoveryState state)
    {
        if (state.Segments.Count == 0 || state.TailLength == state.SegmentSize)
            return null;
        var tail = state.Segments[^1];
        if (state.TailLength == 0)
        {
            tail.Release();
            state.Files.DeleteFile(tail.Path);
            state.Segments.RemoveAt(state.Segments.Count - 1);
            return $"Removed the empty file of segment {LogFileName.Of(tail.BaseOffset)}.";
        }

        try
        {
            state.Files.Reserve(tail.Path, state.SegmentSize);
        }
        catch (DiskFullException)
        {
            // It has its size and can be read. Whether it can be written is seen at the end.
        }

        return $"Extended segment {LogFileName.Of(tail.BaseOffset)} from {state.TailLength} to {state.SegmentSize} bytes.";
    }
}

/// <summary>The checkpoint is not there, or says nothing that can be true.</summary>
internal sealed class LostCheckpoint : IRepair
{
    public string Crash => "The power went while the checkpoint was written, before the first one was, or the file was lost.";

    public string? Apply(RecoveryState state)
    {
        if (state.HasCheckpoint || state.Segments.Count == 0)
            return null;
        state.ScanStart = state.LogStart;
        return "Reads the commit log from its start.";
    }
}

/// <summary>The checkpoint speaks of more log than there is.</summary>
internal sealed class CheckpointAheadOfLog : IRepair
{
    public string Crash => "The log lost its end after the checkpoint was written: a disk that acknowledged what it did not keep, or a segment copied short.";

    public string? Apply(RecoveryState state)
    {
        var recoverOffset = state.Checkpoint.RecoverOffset;
        if (!state.HasCheckpoint || recoverOffset <= 0)
            return null;
        var tail = state.Segments[^1];
        var kept = tail.BaseOffset + Math.Min(state.TailLength, state.SegmentSize);
        if (recoverOffset <= kept && recoverOffset >= state.LogStart)
            return null;
        state.ScanStart = recoverOffset < state.LogStart ? state.LogStart : tail.BaseOffset;
        state.DurableFloor = state.ScanStart;
        return $"The checkpoint says {recoverOffset}, the log has {state.LogStart} to {kept}: reads from {state.ScanStart}.";
    }
}

/// <summary>The abort file is still there.</summary>
internal sealed class UncleanStop : IRepair
{
    public string Crash => "The process was killed, or the machine stopped: the store was not closed.";

    public string? Apply(RecoveryState state) =>
        state.WasAborted ? $"Reads the commit log from offset {state.ScanStart}." : null;
}

/// <summary>The log ends in bytes that are no record; what follows was never acknowledged.</summary>
internal sealed class TornRecord : IRepair
{
    public string Crash => "The machine stopped while the last records were on their way to the disk.";

    public string? Apply(RecoveryState state)
    {
        if (!state.EndIsTorn)
            return null;
        return $"Cut the log at offset {state.End}; the bytes after it are cleared.";
    }
}

/// <summary>The last record lacks its last byte, which is the same in all records.</summary>
internal sealed class MissingLastByte : IRepair
{
    public string Crash => "The machine or the disk stopped within the write of the last record, or a bit of its last byte flipped.";

    public string? Apply(RecoveryState state) =>
        state.PutBackAt < 0 ? null : $"Put back the last byte of the record at offset {state.PutBackAt}; all others are as its CRC says.";
}

/// <summary>Segments follow the one in which the log ends.</summary>
internal sealed class SegmentsBeyondEnd : IRepair
{
    public string Crash => "The process died after the next segment was reserved, or the machine stopped with the pages of a later segment on disk and those of an earlier one not.";

    public string? Apply(RecoveryState state)
    {
        var removed = 0;
        while (state.Segments.Count > 0 && state.Segments[^1] is var last && last.BaseOffset >= state.End && last.BaseOffset > state.LogStart)
        {
            last.Release();
            state.Files.DeleteFile(last.Path);
            state.Segments.RemoveAt(state.Segments.Count - 1);
            removed++;
        }

        if (removed == 0)
            return null;
        state.Files.SyncDirectory(state.LogDirectory);
        return $"Removed {removed} segment(s) without a message.";
    }
}

/// <summary>A record changed on the disk; those around it are sound.</summary>
internal sealed class DamagedRecord : IRepair
{
    public string Crash => "No crash: the disk gave back other bytes than it was given. Or, in the last records before a power cut, which were not acknowledged: the device read a page while it was written to.";

    public string? Apply(RecoveryState state)
    {
        if (state.DamagedRecords.Count + state.MisplacedRecords.Count == 0)
            return null;
        return $"Kept {state.DamagedRecords.Count} damaged record(s) that are not served, and {state.MisplacedRecords.Count} with an impossible queue offset, "
            + $"at offsets {string.Join(", ", state.DamagedRecords.Select(damaged => damaged.PhysicalOffset).Concat(state.MisplacedRecords).Take(10))}.";
    }
}
