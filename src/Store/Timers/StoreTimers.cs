using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// Messages that wait for a time of their own. One is taken by appending it to the timer topic with its time
/// (<see cref="TimerTopic.OutMs"/>), topic and queue as properties; it comes to its topic after that time, once.
/// Thread-safe.
/// </summary>
public sealed class StoreTimers : IRetentionGuard, IAsyncDisposable
{
    private readonly StoreOptions _options;
    private readonly TimerIndex _index;
    private readonly TimerDelivery _delivery;
    private readonly TimerMeters _meters;
    private readonly TimeProvider _time;

    internal StoreTimers(MessageStore store, TimerIndex index, StoreMetrics metrics, TimeProvider time, ILogger logger)
    {
        _options = store.Options;
        _index = index;
        _time = time;
        _meters = new TimerMeters(metrics.Meter, () => Pending, Late);
        _delivery = new TimerDelivery(store, index, _meters, time, logger);
    }

    /// <summary>Messages that wait, less recalls.</summary>
    public long Pending
    {
        get
        {
            lock (_index.State.Gate)
                return Math.Max(0, _index.State.Wheel.Count);
        }
    }

    string IRetentionGuard.Name => "timers";

    long IRetentionGuard.LowestNeeded => _index.State.LowestPending();

    /// <summary>Messages of a topic that wait, less recalls; as in <c>config/timermetrics</c>.</summary>
    public long PendingOf(string topic)
    {
        lock (_index.State.Gate)
            return _index.Counts.Of(topic);
    }

    /// <summary>Messages that wait by topic, in the form of <c>config/timermetrics</c>.</summary>
    public byte[] CountsText()
    {
        lock (_index.State.Gate)
            return _index.Counts.Text();
    }

    /// <summary>How far timers are, in the form of the first 56 bytes of <c>config/timercheck</c>.</summary>
    public byte[] ProgressBytes() => _index.CheckpointHead();

    /// <summary>Begins to deliver. Until then timers are taken and wait.</summary>
    public void Start() => _delivery.Start();

    /// <summary>Delivers no more; returns when nothing of it is under way. The store does it when it is disposed; an owner that must not append any more does it before.</summary>
    public ValueTask DisposeAsync() => _delivery.DisposeAsync();

    /// <summary>Completes once everything that was dispatched and due at the call was delivered, could not be, or delivery ended. For tests and tools.</summary>
    public Task WhenIdleAsync() => _delivery.WhenIdleAsync();

    /// <summary>Whether a message may wait until a time, and which time it gets as <see cref="TimerTopic.OutMs"/>.</summary>
    /// <param name="deliverAt">Unix milliseconds.</param>
    /// <param name="outMs">The start of its slot: a message comes when its slot is over, never before its time.</param>
    /// <param name="recalls">It recalls another one: that is taken however many wait.</param>
    public TimerAdmission Admit(long deliverAt, out long outMs, bool recalls = false)
    {
        outMs = 0;
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (deliverAt <= now)
            return TimerAdmission.Due;
        if (deliverAt - now > _options.TimerMaxDelay.TotalMilliseconds)
            return Refuse(TimerAdmission.TooFar);
        if (!_options.TimersEnabled)
            return Refuse(TimerAdmission.Disabled);
        outMs = _index.State.Placement.OutTime(deliverAt);
        if (recalls)
            return TimerAdmission.Taken;
        long inSlot;
        long pending;
        lock (_index.State.Gate)
        {
            inSlot = _index.State.Wheel.Find(_index.State.Placement.SlotOf(outMs))?.Count ?? 0;
            pending = _index.State.Wheel.Count;
        }

        if (pending >= _options.MaxTimers)
            return Refuse(TimerAdmission.StoreFull);
        return IsCongested(inSlot) ? Refuse(TimerAdmission.SlotFull) : TimerAdmission.Taken;
    }

    private TimerAdmission Refuse(TimerAdmission reason)
    {
        _meters.Refused(reason);
        return reason;
    }

    // As Apache RocketMQ: none below the limit, all at twice the limit, in between by the share of the limit that is left.
    private bool IsCongested(long inSlot)
    {
        long limit = _options.MaxTimersPerSlot;
        if (inSlot <= limit)
            return false;
        return inSlot >= limit * 2 || RandomNumberGenerator.GetInt32(1000) > 1000 * (inSlot - limit) / (limit + 0.1);
    }

    private double Late()
    {
        long? first;
        lock (_index.State.Gate)
            first = _index.State.Wheel.First;
        if (first is not { } slot)
            return 0;
        var due = slot + _index.State.Placement.Precision;
        return Math.Max(0, _time.GetUtcNow().ToUnixTimeMilliseconds() - due) / 1000.0;
    }
}
