using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Store.Index;

namespace ProtoBridgeMQ.Store;

/// <summary>Meter <c>ProtoBridgeMQ.Store</c>; the instruments are listed in docs/storage.md.</summary>
internal sealed class StoreMetrics : IDisposable
{
    public const string MeterName = "ProtoBridgeMQ.Store";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _messages;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _flushDuration;
    private readonly Histogram<long> _flushBytes;
    private readonly Histogram<int> _flushWaiters;

    public StoreMetrics()
    {
        _messages = _meter.CreateCounter<long>("protobridge.store.appended.messages", "{message}", "Messages appended to the commit log");
        _bytes = _meter.CreateCounter<long>("protobridge.store.appended.bytes", "By", "Bytes appended to the commit log");
        _refused = _meter.CreateCounter<long>("protobridge.store.append.refused", "{message}", "Appends refused, by status");
        _flushDuration = _meter.CreateHistogram<double>("protobridge.store.flush.duration", "s", "Time of one flush of the commit log");
        _flushBytes = _meter.CreateHistogram<long>("protobridge.store.flush.bytes", "By", "Bytes made durable by one flush");
        _flushWaiters = _meter.CreateHistogram<int>("protobridge.store.flush.waiters", "{wait}", "Acknowledgements released by one flush");
    }

    /// <summary>For the instruments of parts of the store.</summary>
    public Meter Meter => _meter;

    /// <summary>Adds the gauges that read the store.</summary>
    public void Observe(Func<long> unflushed, Func<long> undispatched, Func<int> condition, Func<int> queues, Func<long> unwritten)
    {
        _meter.CreateObservableGauge("protobridge.store.unflushed.bytes", unflushed, "By", "Written and not durable yet");
        _meter.CreateObservableGauge("protobridge.store.undispatched.bytes", undispatched, "By", "Written and not readable yet");
        _meter.CreateObservableGauge("protobridge.store.state", condition, null, "0 running, 1 disk full, 2 read-only, 3 stopped");
        _meter.CreateObservableGauge("protobridge.store.queues", queues, "{queue}", "Consume queues");
        _meter.CreateObservableGauge("protobridge.store.queues.unwritten.bytes", unwritten, "By", "Memory of queue entries that are not in their files yet");
    }

    /// <summary>Adds what the key index counts.</summary>
    public void Observe(KeyIndex index)
    {
        _meter.CreateObservableCounter("protobridge.store.index.entries", () => index.EntriesAdded, "{entry}", "Entries added to the key index");
        _meter.CreateObservableGauge("protobridge.store.index.files", () => index.Files, "{file}", "Files of the key index");
        _meter.CreateObservableGauge("protobridge.store.index.mapped", () => index.MappedFiles, "{file}", "Files of the key index kept mapped for queries");
        _meter.CreateObservableCounter("protobridge.store.index.queries", () => index.Queries, "{query}", "Queries by key");
        _meter.CreateObservableCounter("protobridge.store.index.queries.refused", () => index.QueriesRefused, "{query}", "Queries by key refused: too many at a time");
        _meter.CreateObservableCounter("protobridge.store.index.queries.cut", () => index.QueriesCut, "{query}", "Queries by key that looked at as many entries as they may");
        _meter.CreateObservableCounter("protobridge.store.index.damaged.chains", () => index.DamagedChains, "{chain}", "Damaged chains that queries by key met");
    }

    public void Appended(int messages, int bytes)
    {
        _messages.Add(messages);
        _bytes.Add(bytes);
    }

    public void Refused(AppendStatus status)
    {
        if (_refused.Enabled)
            _refused.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
    }

    public void Flushed(TimeSpan duration, long bytes, int waiters)
    {
        _flushDuration.Record(duration.TotalSeconds);
        _flushBytes.Record(bytes);
        _flushWaiters.Record(waiters);
    }

    public void Dispose() => _meter.Dispose();
}
