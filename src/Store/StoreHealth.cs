using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Store;

/// <summary>The store's state and the ways it changes: full and back, read-only for good, stopped for good.</summary>
internal sealed partial class StoreHealth
{
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
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
    public void Full(string reason)
    {
        lock (_lock)
        {
            if (_state.Condition != StoreCondition.Running)
                return;
            _state = new StoreState(StoreCondition.DiskFull, reason);
        }

        LogFull(reason);
    }

    /// <summary>There is room again.</summary>
    public void HasRoom()
    {
        lock (_lock)
        {
            if (_state.Condition != StoreCondition.DiskFull)
                return;
            _state = StoreState.Running;
        }

        LogHasRoom();
    }

    /// <summary>The store closes. A failure stays to be seen.</summary>
    public void Stop()
    {
        lock (_lock)
            _state = new StoreState(StoreCondition.Stopped, _state.Reason ?? "The store is closed.");
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{What}. The store is read-only until it is restarted")]
    private partial void LogFailed(Exception error, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The disk is full: {Reason}")]
    private partial void LogFull(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The disk has room again: appends go on")]
    private partial void LogHasRoom();
}
