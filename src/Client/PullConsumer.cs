using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Client.Consuming;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Pulling;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// Consumes at the caller's pace: <see cref="PollAsync"/> hands out what was read ahead, in the order of each queue. Queues are assigned by
/// hand (<see cref="AssignAsync"/>) or shared with the members of the group (<see cref="Subscribe(string, MessageFilter)"/>), and can be set to any
/// offset or time.
/// </summary>
/// <remarks>
/// Thread safe, but for <see cref="PollAsync"/>: one poll at a time. Start once, stop by disposing.
/// Nothing is sent back by itself: what the caller does not want to lose it handles before it commits, or before its next poll with
/// <see cref="PullConsumerOptions.AutoCommit"/>. A message whose body does not unpack is logged and passed over.
/// </remarks>
/// <example><code>
/// await using var consumer = new PullConsumer(connection, new PullConsumerOptions { Group = "reports", From = ConsumeFrom.First, AutoCommit = false });
/// consumer.Subscribe("orders");
/// await consumer.StartAsync();
/// foreach (ReceivedMessage message in await consumer.PollAsync(100, TimeSpan.FromSeconds(5)))
/// {
///     await StoreAsync(message);
/// }
///
/// await consumer.CommitAsync();
/// </code></example>
public sealed class PullConsumer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly PullConsumerOptions _options;
    private readonly PullContext _context;
    private readonly GroupMember _member;
    private readonly bool _ownsConnection;
    private readonly Dictionary<string, MessageFilter> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<MessageQueue, PullLane> _lanes = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _working = Task.CompletedTask;
    private MessageQueue[]? _assigned;
    private int _lastLane;
    private bool _started;
    private int _disposed;

    /// <summary>Makes a consumer with a connection of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the consumer.")]
    public PullConsumer(PullConsumerOptions options)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).Client), options) => _ownsConnection = true;

    /// <summary>Makes a consumer that shares a connection, which must not have another consumer of the group.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public PullConsumer(ClusterConnection connection, PullConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
        var reader = new QueueReader(connection, options.Group);
        DateTimeOffset time = options.FromTime ?? connection.Options.TimeProvider.GetUtcNow() - TimeSpan.FromMinutes(30);
        _context = new PullContext(connection, options, reader, new BrokerProgress(reader, options.From, time));
        _member = new GroupMember(
            connection,
            new GroupMemberOptions
            {
                Group = options.Group,
                Model = options.Model,
                From = options.From,
                RebalanceInterval = options.RebalanceInterval,
                ConsumeType = "CONSUME_ACTIVELY",
            });
        _member.OffsetsReset += ResetTo;
    }

    /// <summary>The queues that it reads now.</summary>
    public IReadOnlyCollection<MessageQueue> Queues
    {
        get
        {
            lock (_gate)
            {
                return [.. _lanes.Keys.Order()];
            }
        }
    }

    /// <summary>Shares the queues of a topic with the other members of the group. Before the start only.</summary>
    /// <param name="topic">The topic; it need not exist yet.</param>
    /// <param name="filter">Which of its messages; null for all.</param>
    /// <exception cref="InvalidOperationException">Queues were assigned by hand, or it has started.</exception>
    public void Subscribe(string topic, MessageFilter? filter = null)
    {
        Names.RequireTopic(topic);
        if (_started || _assigned is not null)
        {
            throw new InvalidOperationException(_started ? "The consumer has started: subscribe before StartAsync." : "Queues were assigned by hand: a consumer either subscribes or assigns.");
        }

        _subscriptions[topic] = filter ?? MessageFilter.All;
    }

    /// <summary>Reads exactly these queues from now on, whoever else reads them. May be called at any time.</summary>
    /// <param name="queues">The queues (<see cref="ListQueuesAsync"/>).</param>
    /// <param name="cancellationToken">Ends the wait for queues that are given up.</param>
    /// <exception cref="InvalidOperationException">Topics were subscribed.</exception>
    public async ValueTask AssignAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken = default)
    {
        Assign(queues);
        if (_started)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ApplyAsync(_assigned!).ConfigureAwait(false);
        }
    }

    /// <summary>Joins the group when topics were subscribed, and begins to read ahead.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers. The consumer can be started again.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_subscriptions.Count == 0 && _assigned is null)
        {
            throw new InvalidOperationException("The consumer has no queue: call Subscribe or AssignAsync before StartAsync.");
        }

        if (_started)
        {
            throw new InvalidOperationException("The consumer has started already.");
        }

        _connection.EnsureStarted();
        long version = 0;
        if (_assigned is null)
        {
            await _member.SubscribeAsync(_subscriptions, cancellationToken).ConfigureAwait(false);
            version = _member.Assignment.Version;
        }

        _started = true;
        await ApplyAsync(_assigned ?? _member.Assignment.Queues).ConfigureAwait(false);
        _working = Task.WhenAll(
            _assigned is null ? WorkAsync(token => FollowAsync(version, token)) : Task.CompletedTask,
            _options.AutoCommit ? WorkAsync(CommitRegularlyAsync) : Task.CompletedTask);
    }

    /// <summary>Hands out the next messages of the queues in turn, those of a queue in their order.</summary>
    /// <param name="max">At most so many.</param>
    /// <param name="wait">How long to wait when there is none.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost.</param>
    /// <returns>None when the time is over. With <see cref="PullConsumerOptions.AutoCommit"/> what was handed out before counts as done from now on.</returns>
    public async ValueTask<IReadOnlyList<ReceivedMessage>> PollAsync(int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (!_started)
        {
            throw new InvalidOperationException("The consumer was not started: await StartAsync first.");
        }

        TimeProvider time = _connection.Options.TimeProvider;
        long start = time.GetTimestamp();
        var messages = new List<ReceivedMessage>();
        foreach (PullLane lane in Lanes())
        {
            lane.SettleHandedOut();
        }

        while (true)
        {
            PullLane[] lanes = Lanes();
            for (int i = 0; i < lanes.Length && messages.Count < max; i++)
            {
                // One queue that is full must not keep the others from their turn.
                _lastLane = (_lastLane + 1) % lanes.Length;
                lanes[_lastLane].Take(messages, max);
            }

            TimeSpan left = wait - time.GetElapsedTime(start);
            if (messages.Count > 0 || left <= TimeSpan.Zero)
            {
                return messages;
            }

            await _context.Arrived.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The queues of a topic, in order; none when it does not exist.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public ValueTask<IReadOnlyList<MessageQueue>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
        => _context.Reader.ListQueuesAsync(topic, cancellationToken);

    /// <summary>The offset of the next message of a queue to be handed out; null while it is not known, or the queue is not read here.</summary>
    public long? Position(MessageQueue queue) => Find(queue)?.Position;

    /// <summary>Goes on at an offset of a queue. One that the queue does not have is corrected by the broker.</summary>
    /// <exception cref="InvalidOperationException">The queue is not read here.</exception>
    public void Seek(MessageQueue queue, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Require(queue).Seek(offset);
    }

    /// <summary>Goes on at the first message of a queue that was stored at or after a time.</summary>
    /// <exception cref="InvalidOperationException">The queue is not read here.</exception>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask SeekAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        PullLane lane = Require(queue);
        lane.Seek(await _context.Reader.SearchOffsetAsync(queue, time, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Goes on at the oldest message of a queue.</summary>
    /// <inheritdoc cref="SeekAsync"/>
    public async ValueTask SeekToBeginningAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        PullLane lane = Require(queue);
        lane.Seek(await _context.Reader.GetMinOffsetAsync(queue, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Goes on behind the newest message of a queue.</summary>
    /// <inheritdoc cref="SeekAsync"/>
    public async ValueTask SeekToEndAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        PullLane lane = Require(queue);
        lane.Seek(await _context.Reader.GetMaxOffsetAsync(queue, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Hands nothing more of a queue out, and reads no further ahead, until it is resumed.</summary>
    public void Pause(MessageQueue queue) => Require(queue).Pause(paused: true);

    /// <summary>Goes on with a queue.</summary>
    public void Resume(MessageQueue queue) => Require(queue).Pause(paused: false);

    /// <summary>Commits everything that was handed out.</summary>
    /// <exception cref="ProtoBridgeMqException">A broker did not take it; other queues may be committed.</exception>
    public async ValueTask CommitAsync(CancellationToken cancellationToken = default)
    {
        foreach (PullLane lane in Lanes())
        {
            lane.SettleHandedOut();
            await lane.CommitSettledAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Commits the progress of one queue: every message before this offset is done.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker did not take it.</exception>
    public ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return _context.Progress.CommitAsync(queue, offset, cancellationToken);
    }

    /// <summary>The group's committed progress in a queue; null when it has none.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public ValueTask<long?> GetCommittedAsync(MessageQueue queue, CancellationToken cancellationToken = default)
        => _context.Reader.GetCommittedAsync(queue, cancellationToken);

    /// <summary>Stops: with <see cref="PullConsumerOptions.AutoCommit"/> commits what was handed out before the last poll, and leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _member.OffsetsReset -= ResetTo;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ApplyAsync([]).ConfigureAwait(false);
        await _member.DisposeAsync().ConfigureAwait(false);
        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
        _turn.Dispose();
    }

    private void Assign(IEnumerable<MessageQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        _assigned = _subscriptions.Count == 0
            ? [.. queues.Distinct()]
            : throw new InvalidOperationException("Topics were subscribed: a consumer either subscribes or assigns.");
    }

    private PullLane? Find(MessageQueue queue)
    {
        lock (_gate)
        {
            return _lanes.GetValueOrDefault(queue);
        }
    }

    private PullLane Require(MessageQueue queue)
        => Find(queue) ?? throw new InvalidOperationException($"The queue {queue} is not read by this consumer now.");

    private PullLane[] Lanes()
    {
        lock (_gate)
        {
            return [.. _lanes.Values];
        }
    }

    private void ResetTo(IReadOnlyDictionary<MessageQueue, long> offsets)
    {
        foreach ((MessageQueue queue, long offset) in offsets)
        {
            Find(queue)?.Seek(Math.Max(0, offset));
        }
    }

    private async ValueTask ApplyAsync(IReadOnlyList<MessageQueue> queues)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            foreach (PullLane lost in Lanes().Where(lane => !queues.Contains(lane.Queue)))
            {
                await GiveUpAsync(lost).ConfigureAwait(false);
            }

            lock (_gate)
            {
                foreach (MessageQueue gained in queues.Where(queue => !_lanes.ContainsKey(queue)))
                {
                    var lane = new PullLane(_context, gained, _subscriptions.GetValueOrDefault(gained.Topic) ?? MessageFilter.All, _stopping.Token);
                    _lanes.Add(gained, lane);
                    lane.Start();
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask GiveUpAsync(PullLane lane)
    {
        lock (_gate)
        {
            _lanes.Remove(lane.Queue);
        }

        if (_options.AutoCommit)
        {
            await CommitQuietlyAsync(lane).ConfigureAwait(false);
        }

        await lane.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask CommitQuietlyAsync(PullLane lane)
    {
        try
        {
            await lane.CommitSettledAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            _connection.Log.CommitFailed(_options.Group, lane.Queue, error.Message);
        }
    }

    private async Task FollowAsync(long version, CancellationToken cancellationToken)
    {
        while (true)
        {
            QueueAssignment assignment = await _member.WaitForAssignmentAsync(version, cancellationToken).ConfigureAwait(false);
            await ApplyAsync(assignment.Queues).ConfigureAwait(false);
            version = assignment.Version;
        }
    }

    private async Task CommitRegularlyAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.CommitInterval, _connection.Options.TimeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (PullLane lane in Lanes())
            {
                await CommitQuietlyAsync(lane).ConfigureAwait(false);
            }
        }
    }

    private async Task WorkAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token).ConfigureAwait(false);
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
}
