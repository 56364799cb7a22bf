using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>Says how far the scan of the log is: to who asked for it, else a line in the log every five seconds.</summary>
internal sealed partial class ScanReport
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly RecoveryState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _start;
    private long _end;
    private long _saidAt;

    public ScanReport(RecoveryState state, TimeProvider time, ILogger logger)
    {
        _state = state;
        _time = time;
        _logger = logger;
    }

    public void Begin()
    {
        _start = _state.ScanStart;
        _end = _state.DurableFloor > _start ? _state.DurableFloor : _state.LogLimit;
        _saidAt = _time.GetTimestamp();
        Tell(_start);
    }

    public void Tell(long position)
    {
        var progress = new RecoveryProgress(_state.Rebuild, _start, position, Math.Max(_end, position), _state.RebuiltEntries);
        if (_state.Options.Progress is { } listener)
        {
            listener.Report(progress);
            return;
        }

        if (_time.GetElapsedTime(_saidAt) < Interval)
            return;
        _saidAt = _time.GetTimestamp();
        LogProgress(_state.Rebuild ? "Rebuilding" : "Recovering", (int)(progress.Share * 100), position, progress.End, progress.Entries);
    }

    [LoggerMessage(EventId = 2014, Level = LogLevel.Information, Message = "{What}: {Percent} % of the log read, at offset {Position} of {End}, {Entries} queue entries made")]
    private partial void LogProgress(string what, int percent, long position, long end, long entries);
}
