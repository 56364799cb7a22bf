using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Tests.Store;

/// <summary>
/// What the counters of stores count from now on. Every store of the process has a meter of the same name: what is asked
/// for is that of one store, also what it counted while it was opened.
/// </summary>
internal sealed class StoreReadings : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<(Meter Meter, string Instrument, string Label), long> _counts = [];

    /// <param name="instruments">Those that are listened to, without <c>protobridge.store.</c></param>
    public StoreReadings(params string[] instruments)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instruments.Any(name => instrument.Name == "protobridge.store." + name))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (_counts)
            {
                Add(instrument, "", value);
                foreach (var tag in tags)
                    Add(instrument, $"{tag.Key}={tag.Value}", value);
            }
        });
        _listener.Start();
    }

    /// <summary>What a counter of a store has counted, of all or under one label (<c>finder=Read</c>).</summary>
    public long Of(MessageStore store, string instrument, string label = "")
    {
        lock (_counts)
            return _counts.GetValueOrDefault((store.Meter, "protobridge.store." + instrument, label));
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, string label, long value)
    {
        var key = (instrument.Meter, instrument.Name, label);
        _counts[key] = _counts.GetValueOrDefault(key) + value;
    }
}
