using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>A file that is read again when its time or size has changed. What cannot be used leaves what was.</summary>
internal sealed class WatchedFile<T>
    where T : class
{
    private readonly string _path;
    private readonly int _maxSize;
    private readonly Func<string, ReadOnlyMemory<byte>, T> _parse;
    private readonly AccessMetrics _metrics;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private (DateTime Time, long Size) _seen;
    private volatile T _value;

    /// <summary>Reads it; an empty path is no file.</summary>
    /// <exception cref="AccessFileException">It cannot be used.</exception>
    public WatchedFile(string path, T absent, int maxSize, Func<string, ReadOnlyMemory<byte>, T> parse, AccessMetrics metrics, ILogger log)
    {
        _path = path;
        _maxSize = maxSize;
        _parse = parse;
        _metrics = metrics;
        _log = log;
        _value = absent;
        if (IsWatched)
        {
            _seen = Stamp();
            _value = Read();
        }
    }

    public bool IsWatched => _path.Length > 0;

    public T Value => _value;

    /// <summary>Reads it again if it has changed; whether another value is in force.</summary>
    public bool Refresh()
    {
        if (!IsWatched)
        {
            return false;
        }

        lock (_gate)
        {
            (DateTime, long) now = Stamp();
            if (now == _seen)
            {
                return false;
            }

            _seen = now;
            try
            {
                _value = Read();
            }
            catch (AccessFileException wrong)
            {
                AccessLog.FileKept(_log, wrong.Message);
                _metrics.Reloaded(good: false);
                return false;
            }
        }

        AccessLog.FileRead(_log, _path);
        _metrics.Reloaded(good: true);
        return true;
    }

    private (DateTime Time, long Size) Stamp()
    {
        var file = new FileInfo(_path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private T Read()
    {
        try
        {
            var file = new FileInfo(_path);
            return file.Exists && file.Length > _maxSize
                ? throw new AccessFileException(_path, $"it is larger than {_maxSize} bytes (access.maxFileSize)")
                : _parse(_path, File.ReadAllBytes(_path));
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new AccessFileException(_path, "it cannot be read: " + wrong.Message, wrong);
        }
    }
}
