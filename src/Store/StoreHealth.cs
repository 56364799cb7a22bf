using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Store;

/// <summary>Who finds that there is no room: each takes back what it said itself.</summary>
internal enum FullCause
{
    /// <summary>Retention: the disk is fuller than the watermark at which appends are refused.</summary>
    Watermark,

    /// <summary>The next segment, or the blocks of the one that is written to.</summary>
    Segment,

    /// <summary>A consume queue, or what else is built from the log.</summary>
    Queue,
}

/// <summary>The store's state and the ways it changes: full and back, read-only for good, stopped for good.</summary>
internal sealed partial class StoreHealth
{
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly string?[] _full = new string?[3];
    private string? _warning;
    private volatile StoreState _state = StoreState.Running;

    public StoreHealth(ILogger logger) => _logger = logger;

    public StoreState State => _state;

    /// <summary>True once no write may be tried any more.</summary>
    public bool IsClosedForWrites => _state.Condition is StoreCondition.ReadOnly or StoreCondition.Stopped;

    /// <summary>A write or fsync failed: what the disk has is unknown, so nothing is written on top of it.</summary>
    public void Fail(string what, Exception error)
    {
        lock (_lock)
        {
            if (IsClosedForWrites)
                return;
            _state = new StoreState(
                StoreCondition.ReadOnly,
                $"{what}: {error.Message} The store takes no more messages. Look after the disk, then restart: recovery keeps all that was acknowledged.");
        }

        LogFailed(error, what);
    }

    /// <summary>There is no room on the disk.</summary>
    public void Full(FullCause cause, string reason)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = _full[(int)cause] is null;
            _full[(int)cause] = reason;
            Show();
        }

        if (isNew)
            LogFull(reason);
    }

    /// <summary>There is room again, as far as one is concerned who said that there is none.</summary>
    public void HasRoom(FullCause cause)
    {
        lock (_lock)
        {
            if (_full[(int)cause] is null)
                return;
            _full[(int)cause] = null;
            Show();
            if (_full.AsSpan().ContainsAnyExcept((string?)null))
                return;
        }

        LogHasRoom();
    }

    /// <summary>Whether another one than this finds the disk full.</summary>
    public bool IsFullBeside(FullCause cause)
    {
        lock (_lock)
        {
            for (var i = 0; i < _full.Length; i++)
            {
                if (_full[i] is not null && i != (int)cause)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Something that people should know while the store still works; null when there is nothing any more.</summary>
    public void Warn(string? reason)
    {
        lock (_lock)
        {
            _warning = reason;
            Show();
        }
    }

    /// <summary>The store closes. A failure stays to be seen.</summary>
    public void Stop()
    {
        lock (_lock)
            _state = new StoreState(StoreCondition.Stopped, _state.Reason ?? "The store is closed.");
    }

    /// <summary>Under the lock.</summary>
    private void Show()
    {
        if (IsClosedForWrites)
            return;
        var full = _full.FirstOrDefault(static reason => reason is not null);
        _state = full is not null ? new StoreState(StoreCondition.DiskFull, full)
            : _warning is not null ? new StoreState(StoreCondition.Running, _warning)
            : StoreState.Running;
    }

    [LoggerMessage(EventId = 2028, Level = LogLevel.Critical, Message = "{What}. The store is read-only until it is restarted")]
    private partial void LogFailed(Exception error, string what);

    [LoggerMessage(EventId = 2029, Level = LogLevel.Warning, Message = "The disk is full: {Reason}")]
    private partial void LogFull(string reason);

    [LoggerMessage(EventId = 2030, Level = LogLevel.Information, Message = "The disk has room again: appends go on")]
    private partial void LogHasRoom();
}
