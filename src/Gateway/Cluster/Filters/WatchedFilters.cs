namespace ProtoBridgeMQ.Gateway.Cluster.Filters;

/// <summary>The filters that sessions of this gateway watch, each with a number that brokers name it by.</summary>
/// <remarks>Thread safe. There are at most as many as sessions with a connection have subscriptions.</remarks>
internal sealed class WatchedFilters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedFilter> _byFilter = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, WatchedFilter> _byNumber = [];
    private readonly List<BrokerWatch> _watches = [];
    private uint _lastNumber;

    /// <summary>Has a call made when a filter's queue may have new messages.</summary>
    public IDisposable Add(ReadOnlyMemory<byte> filter, Action arrived)
    {
        string name = System.Text.Encoding.UTF8.GetString(filter.Span);
        WatchedFilter? watched;
        lock (_gate)
        {
            if (!_byFilter.TryGetValue(name, out watched))
            {
                watched = new WatchedFilter(name, filter.ToArray(), NextNumber());
                _byFilter.Add(name, watched);
                _byNumber.Add(watched.Number, watched);
                foreach (BrokerWatch watch in _watches)
                {
                    watch.Change(watched, isWatched: true);
                }
            }

            watched.Calls = [.. watched.Calls, arrived];
        }

        return new Ending(this, watched, arrived);
    }

    /// <summary>From now on a broker is told of changes.</summary>
    public void Attach(BrokerWatch watch)
    {
        lock (_gate)
        {
            _watches.Add(watch);
        }
    }

    /// <summary>A broker is told of changes no longer.</summary>
    public void Detach(BrokerWatch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }
    }

    /// <summary>All of them; changes made before are among them.</summary>
    public WatchedFilter[] TakeAll(BrokerWatch watch)
    {
        lock (_gate)
        {
            watch.ForgetChanges();
            return [.. _byNumber.Values];
        }
    }

    /// <summary>Some have new messages.</summary>
    public void Arrived(IReadOnlyList<uint> numbers)
    {
        foreach (uint number in numbers)
        {
            WatchedFilter? watched;
            lock (_gate)
            {
                _byNumber.TryGetValue(number, out watched);
            }

            watched?.Arrived();
        }
    }

    private uint NextNumber()
    {
        do
        {
            _lastNumber++;
        }
        while (_byNumber.ContainsKey(_lastNumber));

        return _lastNumber;
    }

    private void End(WatchedFilter watched, Action arrived)
    {
        lock (_gate)
        {
            int at = Array.IndexOf(watched.Calls, arrived);
            if (at >= 0)
            {
                watched.Calls = [.. watched.Calls.AsSpan(0, at), .. watched.Calls.AsSpan(at + 1)];
            }

            if (watched.Calls.Length == 0 && _byNumber.Remove(watched.Number))
            {
                _byFilter.Remove(watched.Name);
                foreach (BrokerWatch watch in _watches)
                {
                    watch.Change(watched, isWatched: false);
                }
            }
        }
    }

    private sealed class Ending(WatchedFilters owner, WatchedFilter watched, Action arrived) : IDisposable
    {
        public void Dispose() => owner.End(watched, arrived);
    }
}

/// <summary>A filter, and who wants to know of its messages.</summary>
internal sealed class WatchedFilter(string name, byte[] filter, uint number)
{
    public string Name { get; } = name;

    public byte[] Filter { get; } = filter;

    public uint Number { get; } = number;

    public Action[] Calls { get; set; } = [];

    public void Arrived()
    {
        foreach (Action call in Calls)
        {
            call();
        }
    }
}
