using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// Takes the head of the log away, in an order that a crash may stop anywhere:
/// <code>
///  checkpoint: what the head says about queues is on the disk
///  ─► projections let go ─► queues begin later ─► the log begins later ─► queue files ─► segments, oldest first, one by one
/// </code>
/// What a crash leaves over is a longer log than wanted; the next pass deletes it. Retention's thread only.
/// </summary>
internal sealed partial class HeadRemoval
{
    private readonly CommitLog _log;
    private readonly QueueTable _queues;
    private readonly ProjectionSet _projections;
    private readonly CheckpointWriter _checkpoints;
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly RetentionMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Queue<RetiredSegment> _retired = new();

    public HeadRemoval(CommitLog log, QueueTable queues, ProjectionSet projections, CheckpointWriter checkpoints, IFileSystem files, string directory, RetentionMetrics metrics, ILogger logger)
    {
        _log = log;
        _queues = queues;
        _projections = projections;
        _checkpoints = checkpoints;
        _files = files;
        _directory = directory;
        _metrics = metrics;
        _logger = logger;
    }

    /// <summary>Segments that are out of the log and whose files could not be deleted yet.</summary>
    public int Pending => _retired.Count;

    /// <summary>
    /// Brings the beginning of the log to an offset, or as far as it may go now; false when something went wrong and has
    /// to be tried again.
    /// </summary>
    public bool To(long offset, Func<long, RetentionReason> reasonOf)
    {
        var target = Math.Min(offset, Recoverable(offset));
        if (target <= _log.MinOffset)
            return true;
        List<ConsumeQueue> shorter = [];
        try
        {
            if (!_checkpoints.WriteBeforeTrim(target))
                return false;
            _projections.Trim(target);
            foreach (var queue in _queues.All)
            {
                if (queue.TrimTo(target))
                    shorter.Add(queue);
            }
        }
        catch (Exception error)
        {
            _metrics.Failed();
            LogKept(error, target);
            return false;
        }

        _log.AdvanceMin(target);
        foreach (var segment in _log.RemoveHead())
            _retired.Enqueue(new RetiredSegment(segment, reasonOf(segment.EndOffset)));
        return DeleteQueueFiles(shorter) & DeleteRetired();
    }

    /// <summary>Deletes the files of segments that are out of the log; false when one could not be.</summary>
    public bool DeleteRetired()
    {
        while (_retired.TryPeek(out var retired))
        {
            var segment = retired.Segment;
            try
            {
                _files.DeleteFile(segment.Path);
                _files.SyncDirectory(_directory);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The ones behind it wait: a log with a hole is refused.
                _metrics.Failed();
                LogNotDeleted(error, segment.Path);
                return false;
            }

            _retired.Dequeue();
            segment.Release();
            _metrics.Deleted(retired.Reason, segment.Size);
            LogDeleted(segment.BaseOffset, retired.Reason);
        }

        return true;
    }

    /// <summary>Deletes files of queues that have nothing left; false when one could not be.</summary>
    public bool DeleteQueueFiles(IEnumerable<ConsumeQueue> queues)
    {
        var deleted = 0;
        foreach (var queue in queues)
        {
            try
            {
                deleted += _queues.Files.DeleteBefore(queue, queue.MinOffset);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _metrics.Failed();
                LogNotDeleted(error, _queues.Files.DirectoryOf(queue));
                return false;
            }
        }

        // It says where the queues begin now: a start would take the files for lost ones.
        return deleted == 0 || _checkpoints.Write();
    }

    /// <summary>Lets the mappings go; files that are left are deleted by the next run.</summary>
    public void Close()
    {
        while (_retired.TryDequeue(out var retired))
            retired.Segment.Release();
    }

    /// <summary>
    /// The end of the last segment that no recovery will need: a crash must find the queue entries of what is gone, for
    /// they know the queues' next offsets.
    /// </summary>
    private long Recoverable(long offset)
    {
        if (_checkpoints.RecoverOffset < offset)
            _checkpoints.Write();
        var recoverable = _checkpoints.RecoverOffset;
        return recoverable < offset ? recoverable - (recoverable % _log.SegmentSize) : offset;
    }

    [LoggerMessage(EventId = 2020, Level = LogLevel.Information, Message = "Segment {BaseOffset} of the commit log is deleted: {Reason}")]
    private partial void LogDeleted(long baseOffset, RetentionReason reason);

    [LoggerMessage(EventId = 2021, Level = LogLevel.Warning, Message = "'{Path}' could not be deleted; it is tried again")]
    private partial void LogNotDeleted(Exception error, string path);

    [LoggerMessage(EventId = 2022, Level = LogLevel.Error, Message = "What is built from the log could not let go of records before {Offset}: they stay, it is tried again")]
    private partial void LogKept(Exception error, long offset);

    private readonly record struct RetiredSegment(LogSegment Segment, RetentionReason Reason);
}
