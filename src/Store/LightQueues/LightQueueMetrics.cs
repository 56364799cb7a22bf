using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>Meter <c>ProtoBridgeMQ.Store</c>, what light queues add to it; listed in docs/storage.md.</summary>
internal sealed class LightQueueMetrics : IDisposable
{
    private readonly Meter _meter = new(StoreMetrics.MeterName);
    private readonly Counter<long> _entries;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refused;

    public LightQueueMetrics(Func<int> queues, Func<long> blockBytes)
    {
        _entries = _meter.CreateCounter<long>("protobridge.store.lightqueues.entries", "{entry}", "Entries added to light queues");
        _dropped = _meter.CreateCounter<long>("protobridge.store.lightqueues.dropped", "{entry}", "Entries taken off the front of light queues that were longer than allowed");
        _refused = _meter.CreateCounter<long>("protobridge.store.lightqueues.refused", "{queue}", "Light queues that were not made, by status");
        _meter.CreateObservableGauge("protobridge.store.lightqueues", queues, "{queue}", "Light queues");
        _meter.CreateObservableGauge("protobridge.store.lightqueues.block.bytes", blockBytes, "By", "Blocks of light queues in use");
    }

    public void Added(int entries) => _entries.Add(entries);

    public void Dropped(long entries) => _dropped.Add(entries);

    public void Refused(LightQueueStatus status)
    {
        if (_refused.Enabled)
            _refused.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
    }

    public void Dispose() => _meter.Dispose();
}
