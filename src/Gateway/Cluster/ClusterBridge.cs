using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Gateway.Cluster.Administration;
using ProtoBridgeMQ.Gateway.Cluster.Exchanges;
using ProtoBridgeMQ.Gateway.Cluster.Filters;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The bridge to brokers of other processes: an Apache RocketMQ cluster, or our own.</summary>
public sealed class ClusterBridge : IMessageBridge
{
    /// <summary>Room for properties, less what the producer adds: its message id and flags.</summary>
    private const int MaxProperties = 32_767 - 128;

    private readonly ClusterConnection _connection;
    private readonly Producer _producer;
    private readonly ClusterTopics _topics;
    private readonly ClusterState _state;
    private readonly ClusterRetained _retained;
    private readonly ClusterFilterQueues? _filterQueues;
    private readonly GroupConsumers _groups;
    private readonly TailContext _tails;
    private readonly DelaySteps _delays;
    private readonly ClusterProbe _probe;
    private int _disposed;

    private ClusterBridge(
        ClusterConnection connection, Producer producer, ClusterTopics topics, ClusterState state, ClusterRetained retained, ClusterFilterQueues? filterQueues, ClusterOptions options, DelaySteps delays, TimeProvider clock, ILoggerFactory logs)
    {
        _connection = connection;
        _producer = producer;
        _topics = topics;
        _state = state;
        _retained = retained;
        _filterQueues = filterQueues;
        _delays = delays;
        ILogger log = logs.CreateLogger<ClusterBridge>();
        _tails = new TailContext(new QueueReader(connection), topics, options, clock, log);
        Reader = new ClusterReader(connection, log);
        Administration = new ClusterAdministration(connection, topics);
        Requests = new ClusterRequests(connection, producer) { Check = message => ThrowIfImpossible(message) };
        Transactions = new ClusterTransactions(connection, producer, log) { Check = message => ThrowIfImpossible(message) };
        _groups = new GroupConsumers(
            group => new ClusterGroupSource(connection, group, delays, log),
            options.Groups,
            clock,
            logs.CreateLogger<GroupConsumers>());
        _probe = new ClusterProbe(connection, options.ProbeInterval, TimeProvider.System, log);
        Capabilities = new BridgeCapabilities(
            options.NameServers, "cluster", options.MaxBodySize, MaxProperties, delays.All, DurableState: true)
        {
            IsShared = true,
        };
    }

    /// <inheritdoc/>
    public BridgeCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public BridgeStatus Status => _probe.Trouble is { } trouble ? new BridgeStatus(false, true, trouble) : BridgeStatus.Ready;

    /// <inheritdoc/>
    public ITopicDirectory Topics => _topics;

    /// <inheritdoc/>
    public IRequests Requests { get; }

    /// <inheritdoc/>
    public ITransactions Transactions { get; }

    /// <inheritdoc/>
    public IRetainedMessages Retained => _retained;

    /// <inheritdoc/>
    public IMessageReader Reader { get; }

    /// <inheritdoc/>
    public IStateStore State => _state;

    /// <inheritdoc/>
    public IAdministration Administration { get; }

    /// <inheritdoc/>
    public IFilterQueues? FilterQueues => _filterQueues;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Brokers => _filterQueues?.Brokers ?? [];

    /// <summary>Connects, and reads the fronts' state.</summary>
    /// <param name="options">Where the cluster is, and limits.</param>
    /// <param name="clock">Leases and pauses go by it; the connections go by the system's.</param>
    /// <param name="logs">Where troubles are told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BridgeException">No name server answers, or no broker can be written to.</exception>
    public static async ValueTask<ClusterBridge> OpenAsync(
        ClusterOptions options, TimeProvider clock, ILoggerFactory logs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logs);
        var delays = DelaySteps.Parse(options.DelayLevels);
        ClusterConnection connection = Connect(options, logs);
        var producer = new Producer(connection, new ProducerOptions
        {
            Group = "protobridge-gateway",
            SendTimeout = options.PublishTimeout,
            AttemptTimeout = options.PublishTimeout / 2,
            NewTopicQueues = options.NewTopicQueues,
            // The bytes of a front go through as they are; brokers and devices are close.
            CompressOver = int.MaxValue,
        });
        try
        {
            await producer.StartAsync(cancellationToken).ConfigureAwait(false);
            var topics = new ClusterTopics(connection, options, TimeProvider.System);
            await topics.LearnBrokersAsync(cancellationToken).ConfigureAwait(false);
            ClusterState state = await ClusterErrors
                .TranslateAsync(ClusterState.OpenAsync(connection, producer, options, TimeProvider.System, logs.CreateLogger<ClusterState>(), cancellationToken))
                .ConfigureAwait(false);
            return await OpenAsync(connection, producer, topics, state, options, delays, clock, logs, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await producer.DisposeAsync().ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfImpossible(message);
        try
        {
            SendReceipt receipt = message.Retain
                ? await SendRetainedAsync(message).ConfigureAwait(false)
                : await SendAsync(message, cancellationToken).ConfigureAwait(false);
            if (receipt.Status is SendStatus.FlushDiskTimeout or SendStatus.FlushReplicaTimeout)
            {
                throw ClusterErrors.NotDurable(receipt.Status);
            }

            _probe.Published();
            if (!_topics.IsKnown(message.Topic))
            {
                await AwaitKnownAsync(message.Topic).ConfigureAwait(false);
            }

            return new PublishReceipt(MessageCopy.IdOf(receipt.OffsetMessageId), receipt.Queue.QueueId, receipt.QueueOffset);
        }
        catch (ProtoBridgeMqException failure)
        {
            if (failure is ClusterUnreachableException or RequestTimeoutException)
            {
                _probe.Failed();
            }

            throw ClusterErrors.ToException(failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RecallAsync(string topic, string handle, CancellationToken cancellationToken = default)
    {
        TopicNames.ThrowIfInvalid(topic);
        ClusterTopics.ThrowIfReserved(topic);
        try
        {
            await ClusterErrors.TranslateAsync(_producer.RecallAsync(topic, handle, cancellationToken)).ConfigureAwait(false);
        }
        catch (ArgumentException wrong)
        {
            throw new BridgeException(BridgeError.InvalidArgument, wrong.Message, innerException: wrong);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        request.ThrowIfInvalid();
        foreach (string topic in request.Topics.Names)
        {
            ClusterTopics.ThrowIfReserved(topic);
        }

        if (request.Kind == StreamKind.Group)
        {
            return await _groups.OpenAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var tail = new TailStream(_tails, TagExpression.Parse(request.Filter));
        try
        {
            await tail.OpenAsync(request.Topics, cancellationToken).ConfigureAwait(false);
            return tail;
        }
        catch
        {
            await tail.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(look);
        return ClusterErrors.TranslateAsync(new QueueLookBack(_connection, _tails.Reader, look).RunAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _probe.DisposeAsync().ConfigureAwait(false);
        await _groups.DisposeAsync().ConfigureAwait(false);
        if (_filterQueues is not null)
        {
            await _filterQueues.DisposeAsync().ConfigureAwait(false);
        }

        await _retained.DisposeAsync().ConfigureAwait(false);
        await _state.DisposeAsync().ConfigureAwait(false);
        await _producer.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask<ClusterBridge> OpenAsync(
        ClusterConnection connection, Producer producer, ClusterTopics topics, ClusterState state, ClusterOptions options, DelaySteps delays, TimeProvider clock, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        ClusterRetained? retained = null;
        try
        {
            retained = await ClusterErrors
                .TranslateAsync(ClusterRetained.OpenAsync(connection, producer, options, TimeProvider.System, logs.CreateLogger<ClusterRetained>(), cancellationToken))
                .ConfigureAwait(false);
            ClusterFilterQueues? filterQueues = await ClusterErrors
                .TranslateAsync(ClusterFilterQueues.OpenAsync(connection, options, TimeProvider.System, logs.CreateLogger<ClusterFilterQueues>(), cancellationToken))
                .ConfigureAwait(false);
            return new ClusterBridge(connection, producer, topics, state, retained, filterQueues, options, delays, clock, logs);
        }
        catch
        {
            if (retained is not null)
            {
                await retained.DisposeAsync().ConfigureAwait(false);
            }

            await state.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static ClusterConnection Connect(ClusterOptions options, ILoggerFactory logs)
    {
        try
        {
            return new ClusterConnection(new ClientOptions
            {
                NameServers = options.NameServers,
                AccessKey = options.AccessKey,
                SecretKey = options.SecretKey,
                SecurityToken = options.SecurityToken,
                RequestTimeout = options.RequestTimeout,
                MaxBodySize = options.MaxBodySize,
                MaxPendingRequests = options.MaxPendingRequests,
                MaxTopics = options.MaxKnownTopics,
                MissingTopicInterval = options.TopicInterval,
                RouteRefreshInterval = options.RouteRefreshInterval,
                LoggerFactory = logs,
            });
        }
        catch (ArgumentException wrong)
        {
            throw new BridgeException(BridgeError.InvalidArgument, wrong.Message, innerException: wrong);
        }
    }

    private ValueTask<SendReceipt> SendAsync(in PublishMessage message, CancellationToken cancellationToken)
    {
        var sent = new Message(message.Topic, message.Body)
        {
            PropertyText = message.Properties.Text,
            DelayLevel = _delays.AtLeast(message.Delay),
            BornAt = message.BornAt,
        };
        return message.OrderingHash is { } hash
            ? _producer.SendOrderedAsync(sent, hash, cancellationToken)
            : _producer.SendAsync(sent, cancellationToken);
    }

    /// <summary>Both records are on their way at once. Not cancelled: the body is borrowed until both are done.</summary>
    private async ValueTask<SendReceipt> SendRetainedAsync(PublishMessage message)
    {
        Task kept = _retained.WriteAsync(message).AsTask();
        Task<SendReceipt> sent = SendAsync(message, CancellationToken.None).AsTask();
        await ((Task)Task.WhenAll(kept, sent)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await kept.ConfigureAwait(false);
        return await sent.ConfigureAwait(false);
    }

    /// <summary>The message is stored already: that its topic is not seen yet is no failure of the publish.</summary>
    private async ValueTask AwaitKnownAsync(string topic)
    {
        try
        {
            await _topics.AwaitKnownAsync(topic, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            _tails.Log.TopicsFailed(failure.Message);
        }
    }

    private void ThrowIfImpossible(in PublishMessage message)
    {
        TopicNames.ThrowIfInvalid(message.Topic);
        ClusterTopics.ThrowIfReserved(message.Topic);
        if (message.Body.Length > Capabilities.MaxBodySize)
        {
            throw new BridgeException(BridgeError.MessageTooLarge, $"The body has {message.Body.Length} bytes; at most {Capabilities.MaxBodySize} are taken.");
        }

        if (message.Properties.Text.Length > MaxProperties)
        {
            throw new BridgeException(BridgeError.PropertiesInvalid, $"The properties have {message.Properties.Text.Length} bytes; at most {MaxProperties} are taken.");
        }

        if (message.Retain && message.Delay > TimeSpan.Zero)
        {
            throw new BridgeException(BridgeError.InvalidArgument, "A retained message has no delay.");
        }

        if (message.Delay < TimeSpan.Zero || message.Delay > _delays.All[^1])
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"A delay is at most {_delays.All[^1]}.");
        }
    }
}
