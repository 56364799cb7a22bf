using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Has the blocks behind the end of the log written with zeros, a window ahead of the flusher, on the thread pool. A block
/// that was reserved and never written costs its first flush a change of the file system's own records, as much again as
/// the flush itself. Where flushes are large that is spread over many messages, and to write everything twice makes those
/// wait longer that wait longest: nothing is.
/// </summary>
internal sealed class ZerosAhead : IThreadPoolWorkItem
{
    private const int Window = 8 << 20;
    private const int Step = 128 << 10;
    private const int LargeFlush = 32 << 10;
    private const int Flushes = 16;
    private const int Block = 4096;

    private static readonly byte[] Zeros = new byte[Step];

    private readonly IFileSystem _files;
    private readonly Lock _lock = new();
    private LogSegment? _segment;
    private IRandomFile? _file;
    private long _zeroed;
    private long _end;
    private bool _isWorking;
    private bool _isClosed;

    /// <summary>Bytes of a flush, of late: one that is small among large ones is no reason to begin.</summary>
    private int _usual;

    public ZerosAhead(IFileSystem files) => _files = files;

    /// <summary>
    /// The flusher is about to write up to an offset: nothing before it is touched from now on.
    /// </summary>
    public void Pass(LogSegment segment, long end, int length)
    {
        lock (_lock)
        {
            if (_segment != segment)
            {
                _segment = segment;
                _zeroed = 0;
                _file?.Dispose();
                _file = null;
            }

            _end = end;
            _zeroed = Math.Max(_zeroed, (end + Block - 1) / Block * Block);
            _usual += (length - _usual) / Flushes;
            if (_usual >= LargeFlush || _isWorking || _isClosed || _zeroed - end > Window / 2 || _zeroed >= segment.EndOffset)
                return;
            _isWorking = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Stops; the files are let go.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _file?.Dispose();
            _file = null;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            while (TryWrite(out var file, out var at, out var length))
                file.WriteBack(at, length);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // A hint: the flush of the records themselves tells of a disk that fails. Not again in this segment.
            lock (_lock)
            {
                _zeroed = long.MaxValue / 2;
                _isWorking = false;
            }
        }
    }

    private bool TryWrite(out IRandomFile file, out long at, out int length)
    {
        lock (_lock)
        {
            file = null!;
            at = 0;
            // Whole blocks: one that is written in two parts goes to the disk twice.
            var to = Math.Min(_segment!.EndOffset, Math.Min((_end + Window) / Block * Block, _zeroed + Step));
            length = (int)Math.Max(0, to - _zeroed);
            if (_isClosed || length == 0)
            {
                _isWorking = false;
                return false;
            }

            // A handle of its own: an error of the disk is told once to each, and the flusher must hear of it.
            file = _file ??= _files.Open(_segment.Path);
            at = _zeroed - _segment.BaseOffset;
            file.Write(Zeros.AsSpan(0, length), at);
            _zeroed = to;
            return true;
        }
    }
}
