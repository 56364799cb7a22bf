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

/// <summary>
/// The first file of a queue is gone, and retention did not delete it: the queues begin later than the checkpoint saw them
/// begin, and the log has all that the queue's files know of.
/// </summary>
internal sealed class LostFirstQueueFile : IRepair
{
    public string Crash => "No crash: the first file of a queue was deleted, or the disk lost it. Or a power cut kept a queue's second file and not its first one (async flush).";

    public string? Apply(RecoveryState state)
    {
        if (state.Rebuild || state.Headless.Count == 0 || !IsEarlier(state))
            return null;
        var again = 0;
        foreach (var (queue, found) in state.Headless)
        {
            // What retention left of a queue may be its next offset alone, which nothing else knows.
            if (queue.MinOffset == queue.MaxOffset && state.LogStart > 0)
                continue;
            QueueDiscard.TryDiscard(state, queue, found, end: 0);
            queue.Restore(0, 0);
            queue.FirstFile = -1;
            again++;
        }

        if (again == 0)
            return null;
        state.ScanStart = state.LogStart;
        return $"Makes {again} queue(s) again, whose first file is gone: reads the commit log from its start.";
    }

    /// <summary>Whether the queues began earlier. Not known, they did where nothing of the log was ever deleted.</summary>
    private static bool IsEarlier(RecoveryState state) =>
        state.HasCheckpoint && state.Checkpoint.QueueStarts is >= 0 and var known ? state.QueueStarts > known : state.LogStart == 0;
}

/// <summary>Queue files are shorter or longer than all are.</summary>
internal sealed class QueueFileSize : IRepair
{
    public string Crash => "The process died between making a queue file and giving it its length, or the file was copied short.";

    public string? Apply(RecoveryState state) =>
        state.MisfitQueueFiles == 0 ? null : $"Gave {state.MisfitQueueFiles} queue file(s) their {state.Queues.Files.FileSize} bytes.";
}
