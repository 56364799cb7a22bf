using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>What the store's own meters say of its flushes: how many, how long, how many acknowledgements each let go.</summary>
internal sealed class FlushFigures : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _flushes;
    private double _seconds;
    private long _waiters;

    public FlushFigures()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "protobridge.store.flush.duration" or "protobridge.store.flush.waiters")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };

        // Both come from the thread that flushes, and are read when the senders are done.
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) => _seconds += value);
        _listener.SetMeasurementEventCallback<int>((_, value, _, _) =>
        {
            _flushes++;
            _waiters += value;
        });
        _listener.Start();
    }

    /// <summary>What there was in a time, in words.</summary>
    public string In(TimeSpan taken) =>
        $"{_flushes / taken.TotalSeconds:N0} flushes/s of {_seconds * 1e6 / _flushes:N0} us, {(double)_waiters / _flushes:N1} acknowledgements each";

    public void Dispose() => _listener.Dispose();
}
