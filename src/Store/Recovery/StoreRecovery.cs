using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Brings a store directory to where it can be appended to: finds its parts, decides where to begin, loads the queues,
/// scans the log, and makes the repairs in the order below. Each repair names its crash; what none covers is refused.
/// Running it again after dying half way does the same: nothing is taken away before its replacement can be made.
/// </summary>
internal sealed partial class StoreRecovery
{
    private readonly RecoveryState _state;
    private readonly CheckpointFile _checkpointFile;
    private readonly RebuildMarker _rebuild;
    private readonly ScanReport _report;
    private readonly ILogger _logger;
    private readonly List<Repair> _repairs = [];

    public StoreRecovery(StoreOptions options, IFileSystem files, CheckpointFile checkpointFile, ProjectionSet projections, bool wasAborted, TimeProvider time, ILogger logger)
    {
        _state = new RecoveryState(options, files, projections) { WasAborted = wasAborted, Rebuild = options.Rebuild };
        _rebuild = new RebuildMarker(files, options.Directory);
        _report = new ScanReport(_state, time, logger);
        _checkpointFile = checkpointFile;
        _logger = logger;
    }

    public IReadOnlyList<Repair> Repairs => _repairs;

    /// <summary>Recovers. When it throws, everything is let go.</summary>
    public RecoveryState Run()
    {
        try
        {
            Recover();
            return _state;
        }
        catch
        {
            _state.Release();
            throw;
        }
    }

    private void Recover()
    {
        _state.HasCheckpoint = _checkpointFile.TryRead(out var checkpoint);
        _state.Checkpoint = checkpoint;
        _state.LastTimestamp = checkpoint.PhysicTimestamp;
        SegmentChain.Load(_state);
        MissingLog.Refuse(_state);
        Apply(new TornSegment(), new EmptySegmentBeyondHole(), new UnfinishedRebuild(_rebuild));
        DecideStart();
        Apply(new CheckpointAheadOfLog(), new ShortTailSegment(), new LostCheckpoint(), new UncleanStop(), new CheckpointBehindLog());
        if (_state.Rebuild)
            BeginRebuild();
        QueueLoader.Load(_state);
        Apply(new QueueFileSize(), new MissingQueueFiles(), new LostFirstQueueFile());
        LoadProjections();
        new LogScan(_state, _report).Run();
        Apply(new DamagedRecord(), new TornRecord(), new MissingLastByte(), new QueueAheadOfLog(), new SegmentsBeyondEnd());
        if (!_state.Rebuild)
            Apply(new MissingQueueTail());
        SecureTail();
        foreach (var queue in _state.Queues.All)
            queue.NextOffset = queue.MaxOffset;
        _state.Projections.EndRecovery(_state.End);
        foreach (var repair in _state.Projections.Repairs)
            Note(repair);
        if (TryFlushQueues())
            _state.Queues.Files.MayBeUnsynced = false;
        _state.Queues.Tails.IsHeld = false;
        if (_state.Rebuild)
            EndRebuild();
    }

    private void DecideStart()
    {
        if (!_state.HasCheckpoint)
            return;
        _state.ScanStart = _state.Checkpoint.RecoverOffset >= 0 ? _state.Checkpoint.RecoverOffset : StartPoint.ByTime(_state);
        _state.DurableFloor = _state.KnownDurable;
    }

    /// <summary>The marker comes before anything is thrown away.</summary>
    private void BeginRebuild()
    {
        _rebuild.Begin();
        _state.ScanStart = _state.LogStart;
        QueueDiscard.DiscardExtensions(_state.Files, Path.Combine(_state.Options.Directory, "consumequeue_ext"));
        LogRebuild(_state.LogStart, _state.LogLimit);
    }

    /// <summary>And goes when all that was built is on the disk.</summary>
    private void EndRebuild()
    {
        _state.Projections.Flush();
        _rebuild.End();
        LogRebuilt(_state.RebuiltEntries, _state.Queues.Count);
    }

    /// <summary>One that lost something has the scan begin earlier; the queues know the records before their end.</summary>
    private void LoadProjections()
    {
        var start = new ProjectionStart(_state.ScanStart, _state.LogStart, _state.IsClean, _state.Rebuild, CertainIndex())
        {
            IsOwn = _state.HasCheckpoint && _state.Checkpoint.RecoverOffset >= 0,
            Index = _state.HasCheckpoint ? (_state.Checkpoint.IndexBegin, _state.Checkpoint.IndexEnd) : (-1, -1),
            Queues = _state.Queues,
            Read = _state.Read,
        };
        var wanted = _state.Projections.Load(start);
        if (wanted < _state.ScanStart)
            _state.ScanStart = RecordAt(wanted) ? wanted : Math.Max(_state.LogStart, _state.SegmentOf(wanted)?.BaseOffset ?? _state.LogStart);
    }

    private long CertainIndex()
    {
        if (!_state.HasCheckpoint)
            return 0;
        return _state.WasAborted && _state.Checkpoint.RecoverOffset < 0 ? _state.Checkpoint.IndexTimestamp : long.MaxValue;
    }

    /// <summary>What a damaged file says need not be where a record begins; segments begin with one.</summary>
    private bool RecordAt(long offset) =>
        _state.SegmentOf(offset) is { } segment
        && MessageRecord.TryRead(segment.Memory.Span[(int)(offset - segment.BaseOffset)..], out var record) == RecordError.None
        && record.PhysicalOffset == offset;

    private void Apply(params ReadOnlySpan<IRepair> repairs)
    {
        foreach (var repair in repairs)
        {
            if (repair.Apply(_state) is not { } done)
                continue;
            Note(new Repair(repair.GetType().Name, repair.Crash, done));
        }
    }

    private void Note(Repair made)
    {
        _repairs.Add(made);
        LogRepair(made.Name, made.Done, made.Crash);
    }

    /// <summary>
    /// Makes what was scanned durable (a killed process leaves it in the page cache only), clears what is behind the
    /// end so that old bytes can never pass for records, and reserves the blocks of the segment that is written next.
    /// </summary>
    private void SecureTail()
    {
        var start = Math.Max(_state.ScanStart, _state.DurableFloor);
        if (!_state.IsClean)
            _state.Files.SyncDirectory(_state.LogDirectory);
        foreach (var segment in _state.Segments)
        {
            if (segment.EndOffset <= start || segment.BaseOffset >= _state.End)
                continue;
            if (!_state.IsClean)
                Rewrite(segment, start);
            segment.Flush(0, segment.Size);
        }

        if (_state.Segments.Count == 0 || _state.Segments[^1] is not { } tail || tail.EndOffset <= _state.End)
            return;
        tail.Release();
        var fresh = new LogSegment(_state.Files, _state.LogDirectory, tail.BaseOffset, _state.SegmentSize);
        _state.Segments[^1] = fresh;
        try
        {
            _state.Files.Reserve(fresh.Path, _state.SegmentSize, _state.IsClean && !_state.EndIsTorn ? -1 : (int)(_state.End - fresh.BaseOffset));

            fresh.Open(forWrites: _state.Options.FlushMode == FlushMode.Fsync);
        }
        catch (DiskFullException error)
        {
            _state.NoRoomForTail = error.Message;
        }
    }

    /// <summary>Without room the entries stay in memory, where they can be read: the next checkpoint writes them, or the one after.</summary>
    private bool TryFlushQueues()
    {
        try
        {
            _state.Queues.Flush();
            return true;
        }
        catch (DiskFullException error) when (!_state.Rebuild)
        {
            LogNoRoom(error.Message);
            return false;
        }
    }

    [LoggerMessage(EventId = 2015, Level = LogLevel.Warning, Message = "The disk is full: what was made again of the queues is in memory alone. {Reason}")]
    private partial void LogNoRoom(string reason);

    [LoggerMessage(EventId = 2016, Level = LogLevel.Information, Message = "Rebuilding the queues and all else that is built from the log, from offset {From} to {To}")]
    private partial void LogRebuild(long from, long to);

    [LoggerMessage(EventId = 2017, Level = LogLevel.Information, Message = "Rebuilt {Entries} entries of {Queues} queues")]
    private partial void LogRebuilt(long entries, int queues);

    /// <summary>The last run may have ended in a failed flush: what it left in the page cache may count as clean and not be on the disk.</summary>
    private void Rewrite(LogSegment segment, long start)
    {
        var from = Math.Max(0, start - segment.BaseOffset);
        var to = Math.Min(segment.Size, _state.End - segment.BaseOffset);
        segment.Rewrite((int)from, (int)(to - from));
    }

    [LoggerMessage(EventId = 2018, Level = LogLevel.Warning, Message = "Repaired {Name}: {Done} ({Crash})")]
    private partial void LogRepair(string name, string done, string crash);
}
