namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>
/// The watches of gateways in other processes. A watch outlives the requests that wait in it: what arrives between two
/// of them is told by the next. One that nobody waits in for two minutes is forgotten.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FilterWatches(IFilterQueueTable queues, BrokerOptions options, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, FilterWatchList> _watches = new(StringComparer.Ordinal);
    private int _watched;

    /// <summary>Watches.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count;
            }
        }
    }

    /// <summary>Begins a watch, or begins it again; null when there are as many as may be.</summary>
    public FilterWatchList? Begin(string name)
    {
        FilterWatchList? before;
        FilterWatchList? begun = null;
        List<FilterWatchList> ended;
        lock (_gate)
        {
            ended = TakeForgotten();
            if (_watches.Remove(name, out before))
            {
                ended.Add(before);
            }

            if (_watches.Count < options.MaxFilterWatches)
            {
                begun = new FilterWatchList(queues, TryCount, time.GetTimestamp());
                _watches.Add(name, begun);
            }
        }

        // Outside the lock: the table of queues has locks of its own.
        foreach (FilterWatchList watch in ended)
        {
            watch.Dispose();
        }

        return begun;
    }

    /// <summary>A watch that was begun, and is used now; null when it is not known.</summary>
    public FilterWatchList? Find(string name)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(name, out FilterWatchList? watch))
            {
                watch.UsedAt = time.GetTimestamp();
            }

            return watch;
        }
    }

    private bool TryCount(int change)
    {
        if (Interlocked.Add(ref _watched, change) <= options.MaxWatchedFilters || change < 0)
        {
            return true;
        }

        Interlocked.Add(ref _watched, -change);
        return false;
    }

    private List<FilterWatchList> TakeForgotten()
    {
        List<FilterWatchList> forgotten = [];
        foreach ((string name, FilterWatchList watch) in _watches.Where(watch => !watch.Value.IsWaited && time.GetElapsedTime(watch.Value.UsedAt) > Patience).ToArray())
        {
            _watches.Remove(name);
            forgotten.Add(watch);
        }

        return forgotten;
    }
}
