using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using ProtoBridgeMQ.Client.Consuming;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Groups;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// A member of a consumer group that calls a handler for each message. Queues are shared with the other members of
/// the group, of whatever language; progress is the lowest unhandled offset of each queue.
/// </summary>
/// <remarks>
/// Each message is handled at least once: again after a crash, and when a queue changes its owner while its messages
/// are being handled. The handler is called from the thread pool, several at once
/// (<see cref="PushConsumerOptions.MaxConcurrency"/>), in no order unless <see cref="PushConsumerOptions.Ordered"/> says so.
/// What it throws counts as <see cref="ConsumeResult.RetryLater"/> and is logged.
/// Members are thread safe; start once, stop by disposing.
/// </remarks>
/// <example><code>
/// await using var consumer = new PushConsumer(
///     connection,
///     new PushConsumerOptions { Group = "alarms" },
///     (message, _) =&gt; ValueTask.FromResult(ConsumeResult.Success));
/// consumer.Subscribe("sensors", "kitchen || hall");
/// await consumer.StartAsync();
/// </code></example>
public sealed class PushConsumer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly bool _ownsConnection;
    private readonly PushConsumerOptions _options;
    private readonly Dictionary<string, MessageFilter> _subscriptions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConsumeContext _context;
    private readonly HandlerCalls _calls;
    private readonly HandlerPool _handlers;
    private readonly GroupMember _member;
    private readonly PullSet _pulls;
    private Task _working = Task.CompletedTask;
    private bool _started;
    private int _disposed;

    /// <summary>Makes a consumer with a connection of its own.</summary>
    /// <param name="options">Group and limits.</param>
    /// <param name="handler">Called for each message; its token is cancelled when stopping has waited long enough.</param>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the consumer.")]
    public PushConsumer(PushConsumerOptions options, Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).Client), options, handler) => _ownsConnection = true;

    /// <summary>Makes a consumer that shares a connection, which must not have another consumer of the group.</summary>
    /// <inheritdoc cref="PushConsumer(PushConsumerOptions, Func{ReceivedMessage, CancellationToken, ValueTask{ConsumeResult}})"/>
    public PushConsumer(
        ClusterConnection connection, PushConsumerOptions options, Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(handler);
        options.Validate();
        _connection = connection;
        _options = options;
        var reader = new QueueReader(connection, options.Group);
        // The channel is bounded by the windows of the queues, which count what is in it.
        _context = new ConsumeContext(connection, options, reader, Progress(connection, options, reader), Channel.CreateUnbounded<Delivery>());
        _calls = new HandlerCalls(_context, handler);
        _handlers = new HandlerPool(_context, _calls);
        _pulls = new PullSet(_context, _calls, _subscriptions, _stopping.Token);
        _member = new GroupMember(
            connection,
            new GroupMemberOptions
            {
                Group = options.Group,
                Model = options.Model,
                From = options.From,
                RebalanceInterval = options.RebalanceInterval,
            });
        _member.OffsetsReset += _pulls.ResetTo;
    }

    /// <summary>The queues of this member now.</summary>
    public QueueAssignment Assignment => _member.Assignment;

    /// <summary>Whether it is paused as a whole.</summary>
    public bool IsPaused => _pulls.IsPaused;

    /// <summary>Adds a topic, or changes its expression. Before the start only.</summary>
    /// <param name="topic">The topic; it need not exist yet.</param>
    /// <param name="expression"><c>*</c>, or tags separated by <c>||</c>.</param>
    /// <exception cref="ArgumentException">The expression does not parse.</exception>
    public void Subscribe(string topic, string expression = "*") => Subscribe(topic, MessageFilter.ByTags(expression));

    /// <summary>Adds a topic, or changes its filter. Before the start only.</summary>
    /// <param name="topic">The topic; it need not exist yet.</param>
    /// <param name="filter">Which of its messages.</param>
    public void Subscribe(string topic, MessageFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        Names.RequireTopic(topic);
        if (_started)
        {
            throw new InvalidOperationException("The consumer has started: subscribe before StartAsync.");
        }

        _subscriptions[topic] = filter;
    }

    /// <summary>Joins the group and begins to consume.</summary>
    /// <exception cref="RequestRefusedException">An SQL92 expression does not parse, or the broker does not filter by them.</exception>
    /// <exception cref="ProtoBridgeMqException">No name server answers. The consumer can be started again.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_subscriptions.Count == 0)
        {
            throw new InvalidOperationException("The consumer has no topic: call Subscribe before StartAsync.");
        }

        if (_started)
        {
            throw new InvalidOperationException("The consumer has started already.");
        }

        _started = true;
        try
        {
            await _member.SubscribeAsync(_subscriptions, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _started = false;
            throw;
        }

        if (!_options.Ordered)
        {
            _handlers.Start();
        }

        QueueAssignment first = _member.Assignment;
        await _pulls.ApplyAsync(first).ConfigureAwait(false);
        _working = Task.WhenAll(
            WorkAsync(token => AssignAsync(first.Version, token)),
            WorkAsync(token => RepeatAsync(_options.CommitInterval, () => _pulls.CommitAsync(), token)),
            WorkAsync(KeepLocksAsync));
    }

    /// <summary>Reads no more, of all queues. What was read already is still handled; membership and progress go on.</summary>
    public void Pause() => _pulls.Pause(null, paused: true);

    /// <summary>Reads no more of one queue.</summary>
    public void Pause(MessageQueue queue) => _pulls.Pause(queue, paused: true);

    /// <summary>Goes on after <see cref="Pause()"/>. Queues that were paused by themselves stay so.</summary>
    public void Resume() => _pulls.Pause(null, paused: false);

    /// <summary>Goes on with one queue.</summary>
    public void Resume(MessageQueue queue) => _pulls.Pause(queue, paused: false);

    /// <summary>Stops: no more pulls, running handlers end (see <see cref="PushConsumerOptions.StopTimeout"/>), progress is committed, the group is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _member.OffsetsReset -= _pulls.ResetTo;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _pulls.StopPullingAsync().ConfigureAwait(false);
        if (_options.Ordered)
        {
            await HandlersEnd.WaitAsync(_context, _calls, _pulls.HandlingEnded).ConfigureAwait(false);
        }
        else
        {
            await _handlers.StopAsync().ConfigureAwait(false);
        }

        await _pulls.CommitAsync().ConfigureAwait(false);
        await _pulls.UnlockAsync().ConfigureAwait(false);
        await _member.DisposeAsync().ConfigureAwait(false);
        await _pulls.DisposeAsync().ConfigureAwait(false);
        _handlers.Dispose();
        _calls.Dispose();
        (_context.Progress as IDisposable)?.Dispose();
        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    private static IGroupProgress Progress(ClusterConnection connection, PushConsumerOptions options, QueueReader reader)
    {
        DateTimeOffset time = options.FromTime ?? connection.Options.TimeProvider.GetUtcNow() - TimeSpan.FromMinutes(30);
        if (options.OffsetStore is { } store)
        {
            return new StoredProgress(reader, options.From, time, store);
        }

        return options.Model == MessageModel.Broadcasting
            ? new FileProgress(reader, options.From, time, options.LocalOffsetDirectory, connection.InstanceName, connection.Log)
            : new BrokerProgress(reader, options.From, time);
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

    private async Task AssignAsync(long version, CancellationToken cancellationToken)
    {
        while (true)
        {
            QueueAssignment assignment = await _member.WaitForAssignmentAsync(version, cancellationToken).ConfigureAwait(false);
            await _pulls.ApplyAsync(assignment).ConfigureAwait(false);
            version = assignment.Version;
        }
    }

    private Task KeepLocksAsync(CancellationToken cancellationToken) => _context.Locks is { } locks
        ? RepeatAsync(QueueLocks.KeepInterval, () => new ValueTask(locks.KeepAsync(Assignment.Queues, cancellationToken)), cancellationToken)
        : Task.CompletedTask;

    private async Task RepeatAsync(TimeSpan interval, Func<ValueTask> action, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, _connection.Options.TimeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await action().ConfigureAwait(false);
        }
    }
}
