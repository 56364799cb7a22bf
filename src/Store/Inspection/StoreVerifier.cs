using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>What a look at everything found.</summary>
public sealed record VerifyReport
{
    /// <summary>What is not as it should be.</summary>
    public required FindingList Findings { get; init; }

    /// <summary>A process holds the directory: what it is writing looks unfinished.</summary>
    public bool IsLocked { get; init; }

    /// <summary>The abort file is there.</summary>
    public bool IsAborted { get; init; }

    /// <summary>Files of the commit log.</summary>
    public int Segments { get; init; }

    /// <summary>Where the log begins.</summary>
    public long LogStart { get; init; }

    /// <summary>Where the log ends.</summary>
    public long LogEnd { get; init; }

    /// <summary>Sound records.</summary>
    public long Records { get; init; }

    /// <summary>Their bytes.</summary>
    public long RecordBytes { get; init; }

    /// <summary>Consume queues.</summary>
    public long Queues { get; init; }

    /// <summary>Entries of them that were held against records.</summary>
    public long QueueEntries { get; init; }

    /// <summary>Files of the key index.</summary>
    public long IndexFiles { get; init; }

    /// <summary>Entries of them that were held against records.</summary>
    public long IndexEntries { get; init; }

    /// <summary>Units of the queues' extensions that were held against records.</summary>
    public long ExtensionUnits { get; init; }

    /// <summary>Light queues.</summary>
    public long LightQueues { get; init; }

    /// <summary>Entries of them that were read.</summary>
    public long LightQueueEntries { get; init; }

    /// <summary>Files of compacted records.</summary>
    public long CompactedFiles { get; init; }

    /// <summary>Records in them that were read.</summary>
    public long CompactedRecords { get; init; }

    /// <summary>Units of the timer log that were read.</summary>
    public long TimerUnits { get; init; }
}

/// <summary>
/// Reads a whole store directory, front to back, and says what is wrong with it. Changes nothing; its memory depends on
/// the number of queues, not on the size of the log.
/// </summary>
public sealed class StoreVerifier
{
    private const string RestoreSegment = "Restore the segment from a copy. The broker serves the records around it if their lengths are sound.";

    private readonly StoreFiles _store;
    private readonly FindingList _findings;
    private readonly bool _isLocked;
    private readonly bool _isAborted;
    private readonly CheckpointContent? _checkpoint;
    private long _records;
    private long _bytes;
    private long _end;

    /// <summary>A verifier of a directory.</summary>
    /// <param name="store">The directory.</param>
    /// <param name="maxFindings">Findings that are kept; all are counted.</param>
    public StoreVerifier(StoreFiles store, int maxFindings)
    {
        _store = store;
        _findings = new FindingList(maxFindings);
        _isLocked = store.IsLocked();
        _isAborted = store.IsAborted;
        _checkpoint = store.Checkpoint();
        _end = store.LogStart;
    }

    /// <summary>Looks at everything.</summary>
    public VerifyReport Run(IProgress<InspectionProgress>? progress = null, CancellationToken cancellation = default)
    {
        CheckSegments();
        using var queues = new QueueCheck(_store, _findings, IsPending);
        queues.Begin();
        using var index = new IndexCheck(_store, _findings, IsPending);
        WalkLog(queues, index, progress, cancellation);
        queues.End(_end);
        index.End(_end);
        CheckCheckpoint();
        var timers = new TimerCheck(_store, _findings, _isAborted || _isLocked);
        timers.Run(_end);
        var light = new LightQueueCheck(_store, _findings, _isAborted || _isLocked);
        light.Run(_end);
        var compaction = new CompactionCheck(_store, _findings, _isLocked);
        compaction.Run();
        return new VerifyReport
        {
            Findings = _findings,
            IsLocked = _isLocked,
            IsAborted = _isAborted,
            Segments = _store.Segments.Count,
            LogStart = _store.LogStart,
            LogEnd = _end,
            Records = _records,
            RecordBytes = _bytes,
            Queues = queues.Queues,
            QueueEntries = queues.Entries,
            IndexFiles = index.Files,
            IndexEntries = index.Entries,
            ExtensionUnits = queues.ExtensionUnits,
            LightQueues = light.Queues,
            LightQueueEntries = light.Entries,
            CompactedFiles = compaction.Files,
            CompactedRecords = compaction.Records,
            TimerUnits = timers.Units,
        };
    }

    private void WalkLog(QueueCheck queues, IndexCheck index, IProgress<InspectionProgress>? progress, CancellationToken cancellation)
    {
        using var walk = new LogWalk(_store);
        var total = _store.Segments.Sum(segment => segment.Length);
        var told = 0L;
        while (walk.TryNext(out var part, out var record))
        {
            if (part.Kind == LogPartKind.Record)
                TakeRecord(part, record, queues, index);
            else
                TakeOther(part);
            var done = part.Offset + part.Length - _store.LogStart;
            if (done - told < 4 << 20)
                continue;
            told = done;
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new InspectionProgress("commit log", done, total));
        }

        progress?.Report(new InspectionProgress("commit log", total, total));
    }

    private void TakeRecord(in LogPart part, in MessageRecord record, QueueCheck queues, IndexCheck index)
    {
        _records++;
        _bytes += record.Size;
        _end = part.Offset + part.Length;
        if (!record.CrcMatches)
        {
            var what = record.HasCrc && record.BodyCrcMatches ? "record" : "body of the record";
            Report(FindingSeverity.Damage, record.HasCrc ? "record-crc" : "record-body-crc", part, $"The {what} of topic {record.TopicString} fails its CRC.", RestoreSegment);
        }

        queues.Take(record);
        index.Take(record);
    }

    private void TakeOther(in LogPart part)
    {
        switch (part.Kind)
        {
            case LogPartKind.Filler:
                _end = part.Offset + part.Length;
                break;
            case LogPartKind.Damage:
                _end = part.Offset + part.Length;
                Report(FindingSeverity.Damage, "record-damaged", part, $"{part.Length} bytes are no record ({part.Error}); sound ones follow.", RestoreSegment);
                break;
            case LogPartKind.Missing:
                _end = part.Offset + part.Length;
                Report(FindingSeverity.Damage, "segment-missing", part, $"{part.Length} bytes of the log have no file.", "Restore the missing file from a copy.");
                break;
            case LogPartKind.Torn:
                var mayBe = _isAborted || _isLocked;
                Report(
                    mayBe ? FindingSeverity.Repairable : FindingSeverity.Damage, "log-torn", part, $"The log ends in bytes that are no record ({part.Error}).",
                    mayBe ? "The next start cuts them off; they were never acknowledged." : "The store was closed, so its end is not torn: restore the segment from a copy, or start the broker to cut it off.");
                break;
        }
    }

    private void CheckSegments()
    {
        for (var i = 0; i < _store.Segments.Count; i++)
        {
            var segment = _store.Segments[i];
            if (segment.Length == _store.SegmentSize)
                continue;
            var isTail = i == _store.Segments.Count - 1;
            _findings.Add(new Finding(
                isTail && segment.Length < _store.SegmentSize ? FindingSeverity.Repairable : FindingSeverity.Damage,
                "segment-size", Path.Combine("commitlog", segment.Name), -1, $"It has {segment.Length} bytes, the others {_store.SegmentSize}.",
                isTail ? "The next start extends it." : "Restore the file from a copy, unless only zeros are missing: then the next start extends it."));
        }
    }

    private void CheckCheckpoint()
    {
        if (_checkpoint is null)
        {
            if (_records > 0)
                _findings.Add(new Finding(FindingSeverity.Repairable, "checkpoint-lost", "checkpoint", -1, "There is none, or it says nothing that can be true.", "The next start reads the whole log and writes one."));
            return;
        }

        if (_checkpoint.RecoverOffset < 0 && _store.Segments.Count == 0)
        {
            _findings.Add(new Finding(
                FindingSeverity.Damage, "log-missing", "commitlog", -1, "There is no segment, though the checkpoint knows of messages.",
                "Restore the segments from a copy; until then no start opens the directory."));
        }

        if (_checkpoint.RecoverOffset > _end)
        {
            _findings.Add(new Finding(
                FindingSeverity.Damage, "checkpoint-ahead", "checkpoint", 72, $"It knows the log to be on the disk up to {_checkpoint.RecoverOffset}; the log ends at {_end}.",
                "The end of the log is lost: restore its last segments from a copy."));
        }
    }

    /// <summary>Behind the checkpoint of a store that is open, or was not closed, entries may be missing.</summary>
    private bool IsPending(long offset, long storeTimestamp)
    {
        if (!_isAborted && !_isLocked)
            return false;
        if (_checkpoint is null)
            return true;
        return _checkpoint.RecoverOffset >= 0
            ? offset >= _checkpoint.RecoverOffset
            : storeTimestamp != long.MaxValue && storeTimestamp >= Math.Min(_checkpoint.PhysicTimestamp, _checkpoint.LogicsTimestamp) - 3000;
    }

    private void Report(FindingSeverity severity, string kind, in LogPart part, string detail, string advice)
    {
        var file = Path.Combine("commitlog", part.Segment?.Name ?? LogFileName.Of(part.Offset));
        _findings.Add(new Finding(severity, kind, file, part.Offset - (part.Segment?.BaseOffset ?? part.Offset), detail, advice));
    }
}
