using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Makes segments: the next one ahead of time on the thread pool, so that an append rolls over without waiting for the
/// disk to find a gigabyte.
/// </summary>
internal sealed partial class SegmentSource : IThreadPoolWorkItem
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly int _segmentSize;
    private readonly bool _forWrites;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private LogSegment? _ready;
    private long _wanted = -1;
    private bool _closed;

    public SegmentSource(IFileSystem files, string directory, int segmentSize, bool forWrites, ILogger logger)
    {
        _files = files;
        _directory = directory;
        _segmentSize = segmentSize;
        _forWrites = forWrites;
        _logger = logger;
    }

    /// <summary>Asks for a segment to be made in the background. Cheap to ask for again.</summary>
    public void Prepare(long baseOffset)
    {
        if (Interlocked.Exchange(ref _wanted, baseOffset) != baseOffset)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Gives the segment, waiting for it or making it here.</summary>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public LogSegment Take(long baseOffset)
    {
        lock (_gate)
        {
            if (_ready is not { } ready || ready.BaseOffset != baseOffset)
                return Make(baseOffset);
            _ready = null;
            return ready;
        }
    }

    /// <summary>Reserves the blocks of a segment that was opened without.</summary>
    /// <exception cref="IOException">The disk is still full, or fails.</exception>
    public void Reserve(LogSegment segment)
    {
        _files.Reserve(segment.Path, segment.Size);
        segment.Open(_forWrites);
    }

    /// <summary>Removes the segment that nobody took: an empty file would only have to be looked at by the next start.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (_ready is null)
                return;
            Discard(_ready);
            _ready = null;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        lock (_gate)
        {
            var wanted = Volatile.Read(ref _wanted);
            if (_closed || _ready is not null)
                return;
            try
            {
                if (!_files.FileExists(Path.Combine(_directory, LogFileName.Of(wanted))))
                    _ready = Make(wanted);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The append that needs the segment tries again and reports what it meets.
                LogNotPrepared(error, wanted);
            }
        }
    }

    private LogSegment Make(long baseOffset)
    {
        var segment = new LogSegment(_files, _directory, baseOffset, _segmentSize);
        try
        {
            _files.Reserve(segment.Path, _segmentSize, zeroFrom: 0);
            _files.SyncDirectory(_directory);
            segment.Open(_forWrites);
            return segment;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Discard(segment);
            throw;
        }
    }

    private void Discard(LogSegment segment)
    {
        segment.Release();
        try
        {
            _files.DeleteFile(segment.Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start finds an empty segment and removes it.
            LogNotRemoved(error, segment.BaseOffset);
        }
    }

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Segment {BaseOffset} could not be made ahead of time")]
    private partial void LogNotPrepared(Exception error, long baseOffset);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Warning, Message = "The unused segment {BaseOffset} could not be removed")]
    private partial void LogNotRemoved(Exception error, long baseOffset);
}
