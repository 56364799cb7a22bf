using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// Membership in a consumer group without the consuming: heartbeats, and this member's share of the queues. For those
/// who pull and commit themselves; <see cref="PushConsumer"/> is built on it.
/// </summary>
/// <remarks>Thread safe. Dispose leaves the group, so that the others take the queues over at once.</remarks>
public sealed class GroupMember : IHeartbeatMember, IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly GroupMemberOptions _options;
    private readonly Rebalance _rebalance;
    private readonly WakeSignal _wake = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopped;
    private volatile SubscriptionData[] _subscriptions = [];
    private QueueAssignment _assignment = QueueAssignment.None;
    private TaskCompletionSource _changed = NewSource();
    private Task _looping = Task.CompletedTask;
    private bool _joined;
    private int _disposed;

    /// <summary>Makes a member; it joins with its first subscription.</summary>
    public GroupMember(ClusterConnection connection, GroupMemberOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
        _rebalance = new Rebalance(connection, options);
        _stopped = CancellationTokenSource.CreateLinkedTokenSource(connection.Stopped);
    }

    /// <summary>An operator set the group's progress: a broker says the next offset of each queue. Raised on the connection's reading, so it must be fast.</summary>
    public event Action<IReadOnlyDictionary<MessageQueue, long>>? OffsetsReset;

    /// <summary>The group.</summary>
    public string Group => _options.Group;

    /// <summary>The queues of this member now.</summary>
    public QueueAssignment Assignment => Volatile.Read(ref _assignment);

    /// <summary>
    /// Joins the group, or changes its subscription: exactly these topics from now on and, when clustering, the
    /// group's retry topic. Topics need not exist yet. When it completes, <see cref="Assignment"/> is made for them.
    /// </summary>
    /// <param name="topics">Topics with their tag expressions: <c>*</c>, or tags separated by <c>||</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public ValueTask SubscribeAsync(IReadOnlyDictionary<string, string> topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        return SubscribeAsync(topics.ToDictionary(topic => topic.Key, topic => MessageFilter.ByTags(topic.Value), StringComparer.Ordinal), cancellationToken);
    }

    /// <param name="topics">Topics with their filters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RequestRefusedException">An SQL92 expression does not parse, or the broker does not filter by them.</exception>
    /// <inheritdoc cref="SubscribeAsync(IReadOnlyDictionary{string, string}, CancellationToken)"/>
    public async ValueTask SubscribeAsync(IReadOnlyDictionary<string, MessageFilter> topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        long version = _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        var subscriptions = topics.Select(topic => topic.Value.Describe(topic.Key, version)).ToList();
        if (_options.Model == MessageModel.Clustering && topics.Count > 0)
        {
            subscriptions.Add(MessageFilter.All.Describe(Names.RetryTopic(Group), version));
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _connection.EnsureStarted();
            _subscriptions = [.. subscriptions];
            if (!_joined)
            {
                _connection.Heartbeats.AddMember(this);
                _joined = true;
                _connection.Routes.Changed += _wake.Set;
                _looping = LoopAsync();
            }

            foreach (string topic in topics.Keys)
            {
                if (await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false) is { } route && topics[topic].IsSql)
                {
                    await _rebalance.CheckFilterAsync(route, topics[topic], cancellationToken).ConfigureAwait(false);
                }
            }

            // Brokers must know this member before they are asked who the members are.
            await _connection.Heartbeats.BeatOnceAsync(cancellationToken).ConfigureAwait(false);
            await ShareOutAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
            // The loop waits by what was known before: it looks again, soon if topics are missing.
            _wake.Set();
        }
    }

    /// <summary>Completes when the assignment has another version than the given one.</summary>
    public async ValueTask<QueueAssignment> WaitForAssignmentAsync(long knownVersion, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TaskCompletionSource changed = Volatile.Read(ref _changed);
            QueueAssignment assignment = Assignment;
            if (assignment.Version != knownVersion)
            {
                return assignment;
            }

            await changed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Shares the queues out anew now, and completes when that is done.</summary>
    public async ValueTask RebalanceAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ShareOutAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopped.CancelAsync().ConfigureAwait(false);
        await _looping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_joined)
        {
            _connection.Routes.Changed -= _wake.Set;
            _connection.Heartbeats.RemoveMember(this);
            ClientMetrics.Queues.Add(-Assignment.Queues.Count);
            if (!_connection.Stopped.IsCancellationRequested)
            {
                await _connection.Heartbeats.LeaveAsync(null, Group, CancellationToken.None).ConfigureAwait(false);
            }
        }

        _stopped.Dispose();
        _turn.Dispose();
    }

    ConsumerData? IHeartbeatMember.Describe() => _subscriptions is { Length: > 0 } subscriptions
        ? new ConsumerData
        {
            GroupName = Group,
            ConsumeType = _options.ConsumeType,
            MessageModel = _options.Model == MessageModel.Clustering ? "CLUSTERING" : "BROADCASTING",
            ConsumeFromWhere = _options.From switch
            {
                ConsumeFrom.First => "CONSUME_FROM_FIRST_OFFSET",
                ConsumeFrom.Timestamp => "CONSUME_FROM_TIMESTAMP",
                _ => "CONSUME_FROM_LAST_OFFSET",
            },
            Subscriptions = [.. subscriptions],
        }
        : null;

    void IHeartbeatMember.MembersChanged() => _wake.Set();

    void IHeartbeatMember.OffsetsReset(IReadOnlyDictionary<MessageQueue, long> offsets) => OffsetsReset?.Invoke(offsets);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                TimeSpan wait = _rebalance.IsIncomplete
                    ? _connection.Options.MissingTopicInterval
                    : _options.RebalanceInterval;
                await _wake.WaitAsync(wait, _connection.Options.TimeProvider, _stopped.Token).ConfigureAwait(false);
                await RebalanceAsync(_stopped.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            _connection.Log.BackgroundDefect(defect);
            throw;
        }
    }

    private async Task ShareOutAsync(CancellationToken cancellationToken)
    {
        QueueAssignment before = Assignment;
        string[] topics = [.. _subscriptions.Select(subscription => subscription.Topic)];
        MessageQueue[] queues = await _rebalance.ShareOutAsync(topics, before.Queues, cancellationToken).ConfigureAwait(false);
        if (before.Version != 0 && queues.AsSpan().SequenceEqual([.. before.Queues]))
        {
            return;
        }

        int gained = queues.Except(before.Queues).Count();
        _connection.Log.Assigned(Group, gained, before.Queues.Count + gained - queues.Length, queues.Length);
        ClientMetrics.Rebalances.Add(1);
        ClientMetrics.Queues.Add(queues.Length - before.Queues.Count);
        Volatile.Write(ref _assignment, new QueueAssignment(before.Version + 1, queues));
        Interlocked.Exchange(ref _changed, NewSource()).TrySetResult();
    }
}
