using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Transactions;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>A question of the brokers that waits for its answer.</summary>
/// <param name="Check">The question.</param>
/// <param name="AskedAt">When it came.</param>
internal sealed record WaitingCheck(TransactionCheck Check, DateTimeOffset AskedAt);

/// <summary>
/// The producer groups that are answered for over HTTP, and the brokers' questions to them. A group is joined by its first use and left
/// when nobody used it for a while; questions that were lost with it are asked again.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TransactionBook : IHostedService, IDisposable
{
    private readonly IMessageBridge _bridge;
    private readonly HttpOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;

    public TransactionBook(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock)
    {
        _bridge = bridge;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        TimeSpan period = _options.TransactionGroupIdle / 2;
        _sweep = clock.CreateTimer(static book => ((TransactionBook)book!).LeaveIdle(), this, period, period);
    }

    /// <summary>Keeps a group joined from now on for a while.</summary>
    /// <exception cref="BridgeException">Too many groups are, or the brokers cannot do it.</exception>
    public void Use(string group) => Find(group);

    /// <summary>The questions to a group: at once what is there, otherwise it waits for the first one.</summary>
    public async Task<IReadOnlyList<WaitingCheck>> WaitAsync(string name, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        long start = _clock.GetTimestamp();
        while (true)
        {
            Group group = Find(name);
            Task came;
            lock (_gate)
            {
                if (group.Checks.Count > 0)
                    return [.. group.Checks.Values.OrderBy(check => check.AskedAt).Take(max)];

                came = group.Came.Task;
            }

            TimeSpan left = wait - _clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                return [];

            try
            {
                await came.WaitAsync(left, _clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return [];
            }
        }
    }

    /// <summary>Has the questions of a group told, too, until it is disposed; the group stays joined.</summary>
    public IDisposable Listen(string name, Action<WaitingCheck> told)
    {
        Group group = Find(name);
        lock (_gate)
            group.Listeners.Add(told);

        return new Listening(() =>
        {
            lock (_gate)
                group.Listeners.Remove(told);
        });
    }

    /// <summary>A transaction ended: it is asked about no more.</summary>
    public void Ended(string id)
    {
        string key = id.Split('.')[0];
        lock (_gate)
        {
            foreach (Group group in _groups.Values)
            {
                if (group.Checks.Remove(key))
                    _metrics.TransactionChecks.Add(-1);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves all groups, while the bridge still works.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _sweep.Dispose();
        lock (_gate)
        {
            foreach (Group group in _groups.Values)
                Leave(group);

            _groups.Clear();
        }
    }

    private Group Find(string name)
    {
        ITransactions transactions = _bridge.Transactions ?? throw new BridgeException(BridgeError.Unsupported, "The brokers behind this gateway take no transactions over HTTP.");
        lock (_gate)
        {
            if (!_groups.TryGetValue(name, out Group? group))
            {
                if (_groups.Count >= _options.MaxTransactionGroups)
                    throw new BridgeException(BridgeError.Busy, $"{_options.MaxTransactionGroups} producer groups are answered for here, the limit.", retryAfter: TimeSpan.FromSeconds(5));

                group = new Group();
                group.Membership = transactions.Join(name, check => Asked(group, check));
                _groups.Add(name, group);
            }

            group.UsedAt = _clock.GetTimestamp();
            return group;
        }
    }

    private void Asked(Group group, TransactionCheck check)
    {
        var waiting = new WaitingCheck(check, _clock.GetUtcNow());
        Action<WaitingCheck>[] listeners;
        TaskCompletionSource came;
        lock (_gate)
        {
            // One that has no room is asked again.
            if (group.Checks.Count >= _options.MaxTransactionChecks && !group.Checks.ContainsKey(check.Key))
                return;

            if (!group.Checks.ContainsKey(check.Key))
                _metrics.TransactionChecks.Add(1);

            group.Checks[check.Key] = waiting;
            listeners = [.. group.Listeners];
            came = group.Came;
            group.Came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        came.TrySetResult();
        foreach (Action<WaitingCheck> listener in listeners)
            listener(waiting);
    }

    private void LeaveIdle()
    {
        lock (_gate)
        {
            foreach ((string name, Group group) in _groups.ToArray())
            {
                if (group.Listeners.Count == 0 && _clock.GetElapsedTime(group.UsedAt) >= _options.TransactionGroupIdle)
                {
                    _groups.Remove(name);
                    Leave(group);
                }
            }
        }
    }

    private void Leave(Group group)
    {
        group.Membership?.Dispose();
        _metrics.TransactionChecks.Add(-group.Checks.Count);
        group.Checks.Clear();
    }

    private sealed class Group
    {
        public IDisposable? Membership { get; set; }

        /// <summary>By the unique key of their messages: asked again, a question takes the place of the one before.</summary>
        public Dictionary<string, WaitingCheck> Checks { get; } = new(StringComparer.Ordinal);

        public List<Action<WaitingCheck>> Listeners { get; } = [];

        public TaskCompletionSource Came { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long UsedAt { get; set; }
    }

    private sealed class Listening(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
