using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>What retention counts; the instruments are listed in docs/storage.md.</summary>
internal sealed class RetentionMetrics : IDisposable
{
    private readonly Meter _meter = new(StoreMetrics.MeterName);
    private readonly Counter<long> _segments;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _failures;

    public RetentionMetrics()
    {
        _segments = _meter.CreateCounter<long>("protobridge.store.retention.deleted.segments", "{segment}", "Segments deleted, by reason");
        _bytes = _meter.CreateCounter<long>("protobridge.store.retention.deleted.bytes", "By", "Bytes of segments deleted, by reason");
        _failures = _meter.CreateCounter<long>("protobridge.store.retention.failures", "{failure}", "Deletions that failed and are tried again");
    }

    /// <summary>Adds the gauges.</summary>
    public void Observe(Func<IEnumerable<Measurement<long>>> held, Func<int> alarm, Func<long> min, Func<double> age, Func<double> used, Func<int> pending)
    {
        _meter.CreateObservableGauge("protobridge.store.retention.held.bytes", held, "By", "Bytes that retention would delete and a guard still needs, by guard");
        _meter.CreateObservableGauge("protobridge.store.retention.alarm", alarm, null, "1 while the disk needs room that guards hold");
        _meter.CreateObservableGauge("protobridge.store.retention.pending.segments", pending, "{segment}", "Segments out of the log whose files could not be deleted yet");
        _meter.CreateObservableGauge("protobridge.store.log.min.offset", min, "By", "Physical offset where the log begins");
        _meter.CreateObservableGauge("protobridge.store.log.oldest.age", age, "s", "Age of the oldest message of the log");
        _meter.CreateObservableGauge("protobridge.store.disk.used", used, "1", "Share of the disk in use, as retention saw it last");
    }

    public void Deleted(RetentionReason reason, long bytes)
    {
        var tag = new KeyValuePair<string, object?>("reason", reason.ToString());
        _segments.Add(1, tag);
        _bytes.Add(bytes, tag);
    }

    public void Failed() => _failures.Add(1);

    public void Dispose() => _meter.Dispose();
}
