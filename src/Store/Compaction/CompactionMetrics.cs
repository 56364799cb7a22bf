using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>What compaction counts; the instruments are listed in docs/storage.md.</summary>
internal sealed class CompactionMetrics : IDisposable
{
    private readonly Meter _meter = new(StoreMetrics.MeterName);
    private readonly Counter<long> _runs;
    private readonly Counter<long> _copied;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _damaged;

    public CompactionMetrics()
    {
        _runs = _meter.CreateCounter<long>("protobridge.store.compaction.runs", "{run}", "Files of compacted records written");
        _copied = _meter.CreateCounter<long>("protobridge.store.compaction.copied.bytes", "By", "Records that compaction kept");
        _dropped = _meter.CreateCounter<long>("protobridge.store.compaction.dropped.bytes", "By", "Records that compaction left out");
        _damaged = _meter.CreateCounter<long>("protobridge.store.compaction.damaged", "{record}", "Compacted records that were read and are damaged");
    }

    /// <summary>Adds the gauges that read the queues.</summary>
    public void Observe(Func<long> keys, Func<long> tombstones, Func<long> liveBytes, Func<long> fileBytes, Func<long> heapBytes)
    {
        _meter.CreateObservableGauge("protobridge.store.compaction.keys", keys, "{key}", "Keys of compacted topics");
        _meter.CreateObservableGauge("protobridge.store.compaction.tombstones", tombstones, "{key}", "Removed keys whose tombstone is kept");
        _meter.CreateObservableGauge("protobridge.store.compaction.live.bytes", liveBytes, "By", "Latest records of all keys");
        _meter.CreateObservableGauge("protobridge.store.compaction.file.bytes", fileBytes, "By", "Files of compacted records");
        _meter.CreateObservableGauge("protobridge.store.compaction.heap.bytes", heapBytes, "By", "Memory of the key tables");
    }

    public void Ran(long copied, long dropped)
    {
        _runs.Add(1);
        _copied.Add(copied);
        _dropped.Add(dropped);
    }

    public void Damaged() => _damaged.Add(1);

    public void Dispose() => _meter.Dispose();
}
