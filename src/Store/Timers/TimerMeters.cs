using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>Instruments of the timers, <c>protobridge.store.timers.*</c>; listed in docs/storage.md.</summary>
internal sealed class TimerMeters
{
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _rolled;
    private readonly Counter<long> _recalled;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _refused;

    public TimerMeters(Meter meter, Func<long> pending, Func<double> late)
    {
        meter.CreateObservableGauge("protobridge.store.timers.pending", pending, "{message}", "Timers that wait, less recalls");
        meter.CreateObservableGauge("protobridge.store.timers.late", late, "s", "How long the oldest timer that is due has been due");
        _delivered = meter.CreateCounter<long>("protobridge.store.timers.delivered", "{message}", "Timers delivered to their topics");
        _rolled = meter.CreateCounter<long>("protobridge.store.timers.rolled", "{message}", "Timers written again because their time is far away");
        _recalled = meter.CreateCounter<long>("protobridge.store.timers.recalled", "{message}", "Timers not delivered because they were recalled");
        _lost = meter.CreateCounter<long>("protobridge.store.timers.unreadable", "{message}", "Timers left out because their record cannot be read or delivered");
        _refused = meter.CreateCounter<long>("protobridge.store.timers.refused", "{message}", "Timers not taken, by reason");
    }

    public void Delivered() => _delivered.Add(1);

    public void Rolled() => _rolled.Add(1);

    public void Recalled() => _recalled.Add(1);

    public void Lost() => _lost.Add(1);

    public void Refused(TimerAdmission reason)
    {
        if (_refused.Enabled)
            _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
    }
}
