using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>
/// Reads all that is durable, slowly, and checks it: each record by its CRC, and its queue entry by the record. By a timer,
/// a block a time, so that it takes as many bytes a second as it may. Damage that nobody reads is found while there are
/// copies to restore it from.
/// </summary>
internal sealed partial class LogScrub : IDisposable
{
    private const int Block = 1 << 20;
    private const long SaveEvery = 256 << 20;

    /// <summary>A store that has just started has other things to read.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromMinutes(10);

    private readonly StoreOptions _options;
    private readonly CommitLog _log;
    private readonly ScrubBlock _block;
    private readonly Func<long> _durable;
    private readonly ConfigFile _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Counter<long> _bytes;
    private readonly ITimer? _timer;
    private readonly Lock _lock = new();
    private ScrubProgress _progress;
    private long _saved;
    private bool _closed;

    public LogScrub(StoreOptions options, CommitLog log, ScrubBlock block, Func<long> durable, IFileSystem files, Meter meter, TimeProvider time, ILogger logger)
    {
        _options = options;
        _log = log;
        _block = block;
        _durable = durable;
        _file = new ConfigFile(files, Path.Combine(options.Directory, "config", "scrub"));
        _time = time;
        _logger = logger;
        _bytes = meter.CreateCounter<long>("protobridge.store.scrub.bytes", "By", "Bytes of the commit log that the scrub has read");
        _progress = _file.Read(ScrubProgress.Parse, 128) ?? ScrubProgress.None;
        meter.CreateObservableGauge("protobridge.store.scrub.left.bytes", () => _progress is { IsRunning: true } now ? now.End - now.Position : 0, "By", "Bytes that the scrub has before it in this pass");
        if (options.ScrubBytesPerSecond > 0)
            _timer = time.CreateTimer(_ => Tick(), null, FirstLook, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How far it is.</summary>
    public ScrubProgress Progress => Volatile.Read(ref _progress);

    /// <summary>Makes a pass over all that is durable now, as fast as it goes; goes on with one that is under way.</summary>
    public void Pass()
    {
        lock (_lock)
        {
            if (!_progress.IsRunning)
                Begin();
            while (_progress.IsRunning && !_closed)
                Step();
        }
    }

    /// <summary>Stops between two blocks and notes where.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        lock (_lock)
        {
            _closed = true;
            if (_progress.Position != _saved)
                Save();
            _block.Dispose();
        }
    }

    private void Tick()
    {
        if (!_lock.TryEnter())
            return;
        try
        {
            if (_closed)
                return;
            if (!_progress.IsRunning && _time.GetUtcNow() - _progress.StartedAt >= _options.ScrubInterval)
                Begin();
            var read = _progress.IsRunning ? Step() : 0;
            _timer!.Change(Pause(read), Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private TimeSpan Pause(long read) => _progress.IsRunning
        ? TimeSpan.FromSeconds(Math.Max(0.001, (double)read / _options.ScrubBytesPerSecond))
        : TimeSpan.FromTicks(Math.Min(_options.ScrubInterval.Ticks, FirstLook.Ticks));

    private void Begin()
    {
        var end = _durable();
        Volatile.Write(ref _progress, new ScrubProgress(_log.MinOffset, end, _time.GetUtcNow()));
        LogBegun(_progress.Position, end);
    }

    /// <summary>Reads a block; how many bytes.</summary>
    private long Step()
    {
        var position = Math.Max(_progress.Position, _log.MinOffset);
        var end = Math.Min(_progress.End, _durable());
        long next;
        try
        {
            next = position < end ? _block.Check(position, end, (int)Math.Min(Block, _options.ScrubBytesPerSecond > 0 ? Math.Max(4096, _options.ScrubBytesPerSecond) : Block)) : end;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whatever the disk does not give is damage to whoever reads it; the scrub goes on behind.
            LogUnreadable(error, position);
            next = Math.Min(end, (_log.Find(position)?.EndOffset) ?? end);
        }

        var read = Math.Max(0, next - position);
        _bytes.Add(read);
        var isDone = next >= end;
        Volatile.Write(ref _progress, _progress with { Position = next, End = isDone ? 0 : _progress.End });
        if (isDone)
        {
            _block.Release();
            LogDone(next);
        }

        if (isDone || next - _saved >= SaveEvery)
            Save();
        return read;
    }

    private void Save()
    {
        try
        {
            _file.Write(_progress.Format());
            _saved = _progress.Position;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start reads some of it once more.
            LogNotSaved(error);
        }
    }

    [LoggerMessage(EventId = 2008, Level = LogLevel.Information, Message = "The scrub begins: it reads the commit log from offset {From} to {To}, and the queue entries")]
    private partial void LogBegun(long from, long to);

    [LoggerMessage(EventId = 2009, Level = LogLevel.Information, Message = "The scrub is done, up to offset {Position}")]
    private partial void LogDone(long position);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Error, Message = "The scrub could not read the segment of offset {Position}")]
    private partial void LogUnreadable(Exception error, long position);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "The progress of the scrub could not be written")]
    private partial void LogNotSaved(Exception error);
}
