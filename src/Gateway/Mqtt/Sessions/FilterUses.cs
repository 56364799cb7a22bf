using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// How many sessions use which filter's queue: the last one that goes takes it away. Counted again from the sessions'
/// records at every start, so that a crash leaves neither a queue without a session nor a session without its queue.
/// Where several gateways have sessions, each counts the records of all of them, and one deletes queues that nobody has used
/// for a while: what another one is about to use, its brokers know.
/// </summary>
/// <remarks>Thread safe. A queue is made and deleted under the lane of its filter.</remarks>
public sealed class FilterUses
{
    private const int Lanes = 64;

    /// <summary>So long a filter is without sessions before one of several gateways deletes its queue.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ForgetTime = TimeSpan.FromHours(1);

    private readonly IFilterQueues? _queues;
    private readonly bool _isShared;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, long> _idle = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1, 1))];

    public FilterUses(IMessageBridge bridge, MqttMetrics metrics, TimeProvider clock)
    {
        _isShared = bridge.Capabilities.IsShared;
        _clock = clock;
        _queues = bridge.FilterQueues;
        metrics.Meter.CreateObservableUpDownCounter("mqtt.filters", () => Count, "{filter}", "Topic filters of sessions that outlive their connections");
    }

    /// <summary>Filters in use.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _counts.Count;
        }
    }

    /// <summary>Makes a filter's queue, or finds it, for one more session.</summary>
    /// <exception cref="BridgeException">The bridge refused; nothing is counted.</exception>
    public async ValueTask<IReadOnlyList<FilterRange>> TakeAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken)
    {
        string name = Encoding.UTF8.GetString(filter.Span);
        SemaphoreSlim lane = LaneOf(name);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<FilterRange> ranges = await _queues!.EnsureAsync(filter, cancellationToken).ConfigureAwait(false);
            if (!_isShared)
                Add(name, 1);
            return ranges;
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>One session less uses the filter's queue.</summary>
    public async ValueTask ReleaseAsync(ReadOnlyMemory<byte> filter)
    {
        // The record says so.
        if (_isShared)
            return;
        string name = Encoding.UTF8.GetString(filter.Span);
        SemaphoreSlim lane = LaneOf(name);
        await lane.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Add(name, -1) == 0)
                await _queues!.DeleteAsync(filter).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Counts the subscriptions of a session that is there from before.</summary>
    /// <param name="record">The session's.</param>
    /// <param name="by">1, or -1 for one that is no more.</param>
    public void Recount(SessionRecord record, int by)
    {
        foreach (SessionSubscription subscription in record.Subscriptions.Where(subscription => subscription.IsQueued))
            Add(Encoding.UTF8.GetString(subscription.Filter.Span), by);
    }

    /// <summary>Deletes the queues that no session uses; all sessions were counted.</summary>
    public async ValueTask DeleteUnusedAsync(CancellationToken cancellationToken)
    {
        foreach (byte[] filter in await _queues!.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            string name = Encoding.UTF8.GetString(filter);
            if (_isShared)
            {
                Add(name, 0);
                continue;
            }

            SemaphoreSlim lane = LaneOf(name);
            await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!IsUsed(name))
                    await _queues.DeleteAsync(filter, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lane.Release();
            }
        }
    }

    /// <summary>Whether there are filters without sessions whose queues may have to be deleted.</summary>
    public bool HasIdle
    {
        get
        {
            lock (_gate)
                return _idle.Count > 0;
        }
    }

    /// <summary>Deletes the queues that sessions of no gateway have used for a while. All that was put before is counted.</summary>
    public async ValueTask DeleteIdleAsync(CancellationToken cancellationToken)
    {
        List<string> idle;
        lock (_gate)
            idle = [.. _idle.Where(filter => _clock.GetElapsedTime(filter.Value) >= IdleTime).Select(filter => filter.Key)];
        foreach (string name in idle)
        {
            if (IsUsed(name))
                continue;
            await _queues!.DeleteAsync(Encoding.UTF8.GetBytes(name), IdleTime, cancellationToken).ConfigureAwait(false);
            lock (_gate)
                _idle.Remove(name);
        }
    }

    /// <summary>Forgets those that the gateway which deletes queues has had time for.</summary>
    public void ForgetIdle()
    {
        lock (_gate)
        {
            foreach (string name in _idle.Where(filter => _clock.GetElapsedTime(filter.Value) >= ForgetTime).Select(filter => filter.Key).ToArray())
                _idle.Remove(name);
        }
    }

    private bool IsUsed(string name)
    {
        lock (_gate)
            return _counts.ContainsKey(name);
    }

    private int Add(string name, int by)
    {
        lock (_gate)
        {
            int count = Math.Max(0, _counts.GetValueOrDefault(name) + by);
            if (count == 0)
            {
                _counts.Remove(name);
                if (_isShared)
                    _idle[name] = _clock.GetTimestamp();
            }
            else
            {
                _counts[name] = count;
                _idle.Remove(name);
            }

            return count;
        }
    }

    private SemaphoreSlim LaneOf(string name) => _lanes[(uint)StringComparer.Ordinal.GetHashCode(name) % Lanes];
}
