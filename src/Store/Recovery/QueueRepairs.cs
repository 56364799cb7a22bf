namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>Records have no queue entries yet, or none that is certain to be on the disk.</summary>
internal sealed class MissingQueueTail : IRepair
{
    public string Crash => "The process died, or the machine stopped, before queue entries were written or flushed.";

    public string? Apply(RecoveryState state) =>
        state.RebuiltEntries == 0 ? null : $"Made {state.RebuiltEntries} queue entries from the log.";
}

/// <summary>Queue entries point beyond the end of the log.</summary>
internal sealed class QueueAheadOfLog : IRepair
{
    public string Crash => "The machine stopped with queue pages on disk whose records are not (async flush).";

    public string? Apply(RecoveryState state) =>
        state.HighestCutEntry < state.End ? null : $"Cut off entries up to offset {state.HighestCutEntry}; the log ends at {state.End}.";
}

/// <summary>The queues end before where the checkpoint saw them end.</summary>
internal sealed class MissingQueueFiles : IRepair
{
    public string Crash => "No crash: queue files or directories were deleted or cut, or the disk lost them.";

    public string? Apply(RecoveryState state)
    {
        if (state.Rebuild || !state.HasCheckpoint || state.Checkpoint.QueueEnds < 0 || state.QueueLimit != state.Checkpoint.RecoverOffset)
            return null;
        var missing = state.Checkpoint.QueueEnds - state.Queues.Ends;
        if (missing <= 0)
            return null;
        state.ScanStart = state.LogStart;
        return $"{missing} queue entries that were on the disk are gone: reads the commit log from its start.";
    }
}

/// <summary>Queue files are shorter or longer than all are.</summary>
internal sealed class QueueFileSize : IRepair
{
    public string Crash => "The process died between making a queue file and giving it its length, or the file was copied short.";

    public string? Apply(RecoveryState state) =>
        state.MisfitQueueFiles == 0 ? null : $"Gave {state.MisfitQueueFiles} queue file(s) their {state.Queues.Files.FileSize} bytes.";
}
