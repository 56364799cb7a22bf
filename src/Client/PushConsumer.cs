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
/// (<see cref="PushConsumerOptions.MaxConcurrency"/>), in no order. What it throws counts as
/// <see cref="ConsumeResult.RetryLater"/> and is logged.
/// Members are thread safe; start once, stop by disposing.
/// </remarks>
/// <example><code>
/// await using var consumer = new PushConsumer(
///     new PushConsumerOptions { Group = "alarms" },
///     (message, _) => ValueTask.FromResult(ConsumeResult.Success));
/// consumer.Subscribe("sensors", "kitchen || hall");
/// await consumer.StartAsync();
/// </code></example>
public sealed class PushConsumer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly bool _ownsConnection;
    private readonly PushConsumerOptions _options;
    private readonly Dictionary<string, string> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<MessageQueue, QueuePull> _pulls = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConsumeContext _context;
    private readonly HandlerPool _handlers;
    private readonly GroupMember _member;
    private Task _assigning = Task.CompletedTask;
    private Task _committing = Task.CompletedTask;
    private bool _started;
    private int _disposed;

    /// <summary>Makes a consumer with a connection of its own.</summary>
    /// <param name="options">Group and limits.</param>
    /// <param name="handler">Called for each message; its token is cancelled when stopping has waited long enough.</param>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the consumer.")]
    public PushConsumer(PushConsumerOptions options, Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler)
        : this(new ClusterConnection((options ?? throw new ArgumentNullException(nameof(options))).Client), options, handler) => _ownsConnection = true;

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
        // Bounded by the windows of the queues, which count what is in here.
        var deliveries = Channel.CreateUnbounded<Delivery>();
        var reader = new QueueReader(connection, options.Group);
        _context = new ConsumeContext(
            options, reader, Progress(connection, options, reader), deliveries.Writer, connection.Options.TimeProvider, connection.Log);
        _handlers = new HandlerPool(_context, deliveries.Reader, handler);
        _member = new GroupMember(
            connection,
            new GroupMemberOptions
            {
                Group = options.Group,
                Model = options.Model,
                From = options.From,
                RebalanceInterval = options.RebalanceInterval,
            });
    }

    /// <summary>The queues of this member now.</summary>
    public QueueAssignment Assignment => _member.Assignment;

    /// <summary>Adds a topic, or changes its expression. Before the start only.</summary>
    /// <param name="topic">The topic; it need not exist yet.</param>
    /// <param name="expression"><c>*</c>, or tags separated by <c>||</c>.</param>
    /// <exception cref="ArgumentException">The expression does not parse.</exception>
    public void Subscribe(string topic, string expression = "*")
    {
        Names.RequireTopic(topic);
        if (_started)
        {
            throw new InvalidOperationException("The consumer has started: subscribe before StartAsync.");
        }

        _subscriptions[topic] = TagFilter.Parse(expression).Text;
    }

    /// <summary>Joins the group and begins to consume.</summary>
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

        _handlers.Start();
        await ApplyAsync(_member.Assignment).ConfigureAwait(false);
        _assigning = AssignAsync(_member.Assignment.Version);
        _committing = CommitAsync();
    }

    /// <summary>Stops: no more pulls, running handlers end (see <see cref="PushConsumerOptions.StopTimeout"/>), progress is committed, the group is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _assigning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _committing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_pulls.Values.Select(pull => pull.StopPullingAsync().AsTask())).ConfigureAwait(false);
        await _handlers.StopAsync().ConfigureAwait(false);
        await CommitOnceAsync().ConfigureAwait(false);
        await _member.DisposeAsync().ConfigureAwait(false);
        foreach (QueuePull pull in _pulls.Values)
        {
            await pull.DisposeAsync().ConfigureAwait(false);
        }

        _handlers.Dispose();
        (_context.Progress as IDisposable)?.Dispose();
        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
        _turn.Dispose();
    }

    private static IGroupProgress Progress(ClusterConnection connection, PushConsumerOptions options, QueueReader reader)
    {
        DateTimeOffset time = options.FromTime ?? connection.Options.TimeProvider.GetUtcNow() - TimeSpan.FromMinutes(30);
        return options.Model == MessageModel.Broadcasting
            ? new FileProgress(reader, options.From, time, options.LocalOffsetDirectory, connection.InstanceName, connection.Log)
            : new BrokerProgress(reader, options.From, time);
    }

    private async Task AssignAsync(long version)
    {
        try
        {
            while (true)
            {
                QueueAssignment assignment = await _member.WaitForAssignmentAsync(version, _stopping.Token).ConfigureAwait(false);
                await ApplyAsync(assignment).ConfigureAwait(false);
                version = assignment.Version;
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

    private async ValueTask ApplyAsync(QueueAssignment assignment)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            foreach (QueuePull lost in _pulls.Values.Where(pull => !assignment.Queues.Contains(pull.Queue)).ToArray())
            {
                await lost.RevokeAsync().ConfigureAwait(false);
                _pulls.Remove(lost.Queue);
                await lost.DisposeAsync().ConfigureAwait(false);
            }

            foreach (MessageQueue gained in assignment.Queues.Where(queue => !_pulls.ContainsKey(queue)))
            {
                var filter = TagFilter.Parse(_subscriptions.GetValueOrDefault(gained.Topic));
                var pull = new QueuePull(_context, gained, filter, _stopping.Token);
                _pulls.Add(gained, pull);
                pull.Start();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task CommitAsync()
    {
        using var timer = new PeriodicTimer(_options.CommitInterval, _connection.Options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await CommitOnceAsync().ConfigureAwait(false);
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

    private async ValueTask CommitOnceAsync()
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_pulls.Values.Select(pull => pull.CommitAsync(CancellationToken.None).AsTask())).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
