using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>
/// Which queues of a topic the other brokers of the cluster have, as a name server says. It is asked when somebody needs it
/// and what it said is old; those who need the same meanwhile wait for the same answer.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class TopicRoutes(BrokerOptions options, TimeProvider time)
{
    private const int PermissionRead = 4;

    private readonly Dictionary<string, Route> _routes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private volatile Func<string, ValueTask<TopicRouteData?>>? _ask;
    private volatile Func<Task>? _tell;

    /// <summary>Topics whose routes are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _routes.Count;
            }
        }
    }

    /// <summary>Whom to ask: answers null when no name server answers, an empty route when they do not know the topic.</summary>
    public void AskOf(Func<string, ValueTask<TopicRouteData?>>? ask) => _ask = ask;

    /// <summary>How name servers are told what is new.</summary>
    public void TellBy(Func<Task>? tell) => _tell = tell;

    /// <summary>
    /// Completes when the name servers that answer know the topics as they are now, or after <see cref="BrokerOptions.RegisterTimeout"/>: who
    /// makes a topic by an admin's request finds its route as soon as he has the answer.
    /// </summary>
    public Task ToldAsync() => _tell?.Invoke() ?? Task.CompletedTask;

    /// <summary>The queues that can be read at other brokers; none when there is nobody to ask.</summary>
    public ValueTask<IReadOnlyList<QueueData>> OthersAsync(string topic)
    {
        if (_ask is not { } ask)
        {
            return new ValueTask<IReadOnlyList<QueueData>>([]);
        }

        Route? route;
        bool isOld;
        lock (_lock)
        {
            isOld = !_routes.TryGetValue(topic, out route) || time.GetElapsedTime(route.AskedAt) >= options.RouteInterval;
            if (isOld)
            {
                route = new Route(time.GetTimestamp(), route);
                Keep(topic, route);
            }
        }

        return isOld ? AskAsync(ask, topic, route!) : new ValueTask<IReadOnlyList<QueueData>>(route!.Queues.Task);
    }

    private async ValueTask<IReadOnlyList<QueueData>> AskAsync(Func<string, ValueTask<TopicRouteData?>> ask, string topic, Route route)
    {
        IReadOnlyList<QueueData>? said = null;
        try
        {
            TopicRouteData? answer = await ask(topic).ConfigureAwait(false);
            said = answer?.Queues.Where(queue => queue.BrokerName != options.Name && (queue.Permission & PermissionRead) != 0).ToArray();
        }
        finally
        {
            End(topic, route, said ?? route.Known);
        }

        return await route.Queues.Task.ConfigureAwait(false);
    }

    // In the lock. Where there is no room, the answer is for those who wait for it now.
    private void Keep(string topic, Route route)
    {
        if (_routes.Count >= options.MaxRoutes && !_routes.ContainsKey(topic))
        {
            foreach ((string other, Route old) in _routes)
            {
                if (time.GetElapsedTime(old.AskedAt) >= options.RouteInterval)
                {
                    _routes.Remove(other);
                }
            }
        }

        if (_routes.Count < options.MaxRoutes || _routes.ContainsKey(topic))
        {
            _routes[topic] = route;
        }
    }

    // Without an answer what was said before holds for a while; without that the next one asks again.
    private void End(string topic, Route route, IReadOnlyList<QueueData>? queues)
    {
        lock (_lock)
        {
            route.Known = queues;
            if (queues is not { Count: > 0 } && _routes.GetValueOrDefault(topic) == route)
            {
                _routes.Remove(topic);
            }
        }

        route.Queues.TrySetResult(queues ?? []);
    }

    private sealed class Route(long askedAt, Route? before)
    {
        public long AskedAt => askedAt;

        /// <summary>What was said last; null before anything was.</summary>
        public IReadOnlyList<QueueData>? Known { get; set; } = before?.Known;

        public TaskCompletionSource<IReadOnlyList<QueueData>> Queues { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
