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
