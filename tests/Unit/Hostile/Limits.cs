using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>What one broker's meter counted as refused, by limit.</summary>
internal sealed class Limits : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _counts = [];

    public Limits(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter && instrument.Name == "broker.flow.refused")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            lock (_counts)
            {
                string limit = tags[0].Value?.ToString() ?? string.Empty;
                _counts[limit] = _counts.GetValueOrDefault(limit) + value;
            }
        });
        _listener.Start();
    }

    public long this[string limit]
    {
        get
        {
            lock (_counts)
            {
                return _counts.GetValueOrDefault(limit);
            }
        }
    }

    public void Dispose() => _listener.Dispose();
}
