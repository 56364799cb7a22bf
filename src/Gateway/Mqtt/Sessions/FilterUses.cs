using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// How many sessions use which filter's queue: the last one that goes takes it away. Counted again from the sessions'
/// records at every start, so that a crash leaves neither a queue without a session nor a session without its queue.
/// </summary>
/// <remarks>Thread safe. A queue is made and deleted under the lane of its filter.</remarks>
public sealed class FilterUses
{
    private const int Lanes = 64;

    private readonly IFilterQueues? _queues;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1, 1))];

    public FilterUses(IMessageBridge bridge, MqttMetrics metrics)
    {
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
    public void Recount(SessionRecord record)
    {
        foreach (SessionSubscription subscription in record.Subscriptions.Where(subscription => subscription.IsQueued))
            Add(Encoding.UTF8.GetString(subscription.Filter.Span), 1);
    }

    /// <summary>Deletes the queues that no session uses; all sessions were counted.</summary>
    public async ValueTask DeleteUnusedAsync(CancellationToken cancellationToken)
    {
        foreach (byte[] filter in await _queues!.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            string name = Encoding.UTF8.GetString(filter);
            SemaphoreSlim lane = LaneOf(name);
            await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!IsUsed(name))
                    await _queues.DeleteAsync(filter, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lane.Release();
            }
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
                _counts.Remove(name);
            else
                _counts[name] = count;
            return count;
        }
    }

    private SemaphoreSlim LaneOf(string name) => _lanes[(uint)StringComparer.Ordinal.GetHashCode(name) % Lanes];
}
