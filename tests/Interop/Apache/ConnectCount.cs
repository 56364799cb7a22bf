using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Counts the connections that this process tried since it was made.</summary>
internal sealed class ConnectCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _tried;

    public ConnectCount()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "remoting.connects")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => Interlocked.Add(ref _tried, (int)measurement));
        _listener.Start();
    }

    public int Tried => Volatile.Read(ref _tried);

    public void Dispose() => _listener.Dispose();
}
