using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
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
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Gateway.Embedded.Administration;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The bridge to the broker in this process. It does not own the broker: dispose the bridge first.</summary>
public sealed class EmbeddedBridge : IMessageBridge
{
    /// <summary>The topic whose settings are inherited by one that is created by sending to it.</summary>
    private const string DefaultTopic = "TBW102";

    /// <summary>What the length field of a record can say, but for the record's own CRC and a separator before it.</summary>
    private const int MaxProperties = 32_767 - 21;

    private readonly IBrokerCore _core;
    private readonly EmbeddedOptions _options;
    private readonly TimeProvider _clock;
    private readonly DelayLevels _levels;
    private readonly RecordDecoder _decoder;
    private readonly GroupConsumers _groups;
    private readonly EmbeddedTopics _topics;
    private readonly StateLog _state;
    private readonly RetainedLog _retained;
    private readonly TimedMessages _timed;
    private readonly EmbeddedRequests _requests;

    private EmbeddedBridge(
        IBrokerCore core, EmbeddedOptions options, TimeProvider clock, ILoggerFactory logs, StateLog state, RetainedLog retained, RecordDecoder decoder, DelayLevels levels)
    {
        _core = core;
        _options = options;
        _clock = clock;
        _levels = levels;
        _state = state;
        _retained = retained;
        _decoder = decoder;
        _topics = new EmbeddedTopics(core);
        Reader = new EmbeddedReader(core, decoder);
        _timed = new TimedMessages(core, decoder, clock);
        Administration = new EmbeddedAdministration(core, options, (group, cancellationToken) => _groups!.FollowResetsAsync(group, cancellationToken));
        FilterQueues = new EmbeddedFilterQueues(core, _decoder, options);
        string clientId = string.Create(CultureInfo.InvariantCulture, $"{core.StoreHost.Address}@gateway-{Environment.ProcessId}");
        _requests = new EmbeddedRequests(core, clientId, PublishAsync, clock);
        Transactions = new EmbeddedTransactions(core, clientId, decoder, clock) { Resolve = ResolveOrRefuse };
        _groups = new GroupConsumers(
            group => new EmbeddedGroupSource(core, group, clientId, _decoder, levels, clock),
            options.Groups,
            clock,
            logs.CreateLogger<GroupConsumers>());
        Capabilities = new BridgeCapabilities(
            "embedded",
            core.Options.Flush == FlushMode.Fsync ? "fsync" : "async",
            core.Options.MaxBodySize,
            MaxProperties,
            levels.All,
            DurableState: true)
        {
            MaxDelay = core.Options.TimersEnabled ? core.Options.TimerMaxDelay : TimeSpan.Zero,
        };
    }

    /// <inheritdoc/>
    public BridgeCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public BridgeStatus Status
    {
        get
        {
            BrokerStatus status = _core.Status;
            return new BridgeStatus(status.Writable, status.Readable, status.Reason);
        }
    }

    /// <inheritdoc/>
    public ITopicDirectory Topics => _topics;

    /// <inheritdoc/>
    public IRetainedMessages Retained => _retained;

    /// <inheritdoc/>
    public IMessageReader Reader { get; }

    /// <inheritdoc/>
    public IRequests Requests => _requests;

    /// <inheritdoc/>
    public ITransactions Transactions { get; }

    /// <inheritdoc/>
    public IStateStore State => _state;

    /// <inheritdoc/>
    public IFilterQueues FilterQueues { get; }

    /// <inheritdoc/>
    public IAdministration Administration { get; }

    /// <summary>Reads the fronts' state from the log and opens the bridge.</summary>
    public static async ValueTask<EmbeddedBridge> OpenAsync(
        IBrokerCore core,
        EmbeddedOptions options,
        TimeProvider clock,
        ILoggerFactory logs,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(core);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logs);
        DelayLevels levels = DelayLevels.Parse(core.Options.MessageDelayLevel);
        // What was stored a moment ago is in its queues a moment later, and the state is read from them.
        await core.WaitReadableAsync().ConfigureAwait(false);
        StateLog state = await StateLog.OpenAsync(core, options, clock, logs.CreateLogger<StateLog>(), cancellationToken).ConfigureAwait(false);
        var decoder = new RecordDecoder(core, options, logs.CreateLogger<EmbeddedBridge>());
        var retained = RetainedLog.Open(core, options, decoder, clock, logs.CreateLogger<RetainedLog>(), cancellationToken);
        return new EmbeddedBridge(core, options, clock, logs, state, retained, decoder, levels);
    }

    /// <inheritdoc/>
    public ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<PublishReceipt>(cancellationToken);
        }

        if (Refuse(message) is { } refusal)
        {
            return ValueTask.FromException<PublishReceipt>(refusal);
        }

        SendStatus found = Resolve(message.Topic, out BrokerTopic? topic);
        if (found != SendStatus.Ok)
        {
            return ValueTask.FromException<PublishReceipt>(BrokerErrors.ToException(found, null, $"topic {message.Topic}"));
        }

        if (message.Retain)
        {
            return PublishRetainedAsync(message, topic!);
        }

        if (message.IsRecallable && message.Delay > TimeSpan.Zero && _core.Options.TimersEnabled)
        {
            return _timed.PublishAsync(message, topic!);
        }

        ValueTask<SendOutcome> sent = Send(message, topic!);
        return cancellationToken.CanBeCanceled && !sent.IsCompleted
            ? FinishAsync(new ValueTask<SendOutcome>(sent.AsTask().WaitAsync(cancellationToken)), topic!)
            : FinishAsync(sent, topic!);
    }

    /// <inheritdoc/>
    public ValueTask RecallAsync(string topic, string handle, CancellationToken cancellationToken = default)
    {
        EmbeddedTopics.ThrowIfReserved(topic);
        return _timed.RecallAsync(topic, handle);
    }

    /// <inheritdoc/>
    public async ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        request.ThrowIfInvalid();
        foreach (string topic in request.Topics.Names)
        {
            EmbeddedTopics.ThrowIfReserved(topic);
        }

        return request.Kind == StreamKind.Group
            ? await _groups.OpenAsync(request, cancellationToken).ConfigureAwait(false)
            : new TailStream(_core, request, _decoder, _options, _clock);
    }

    /// <inheritdoc/>
    public ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(look);
        return new QueueLookBack(_core, look).RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _requests.Dispose();
        await _retained.DisposeAsync().ConfigureAwait(false);
        await _groups.DisposeAsync().ConfigureAwait(false);
    }

    private ValueTask<SendOutcome> Send(in PublishMessage message, BrokerTopic topic)
    {
        bool isLevel = message.Delay == TimeSpan.Zero || Capabilities.DelayLevels.Contains(message.Delay);
        return _core.SendAsync(new SendRequest
        {
            Topic = topic,
            QueueId = -1,
            OrderingHash = message.OrderingHash,
            BornTime = (message.BornAt ?? _clock.GetUtcNow()).ToUnixTimeMilliseconds(),
            BornHost = message.BornHost ?? _core.StoreHost,
            DelayLevel = isLevel ? _levels.AtLeast(message.Delay) : 0,
            DeliverAt = isLevel ? 0 : _clock.GetUtcNow().Add(message.Delay).ToUnixTimeMilliseconds(),
            Properties = message.Properties.Text.Span,
            Body = message.Body.Span,
        });
    }

    /// <summary>Both records are appended before the first is durable: one group commit takes them.</summary>
    private async ValueTask<PublishReceipt> PublishRetainedAsync(PublishMessage message, BrokerTopic topic)
    {
        (byte[] name, RetainedWrite write) = _retained.Begin(message);
        Task<PublishReceipt> published = FinishAsync(Send(message, topic), topic).AsTask();
        if (published.IsFaulted)
        {
            // Refused at once: nothing is retained either.
            _retained.Abandon(write);
            return await published.ConfigureAwait(false);
        }

        SendOutcome retained = await _retained.WriteAsync(message, name, write).ConfigureAwait(false);
        PublishReceipt receipt = await published.ConfigureAwait(false);
        return retained.Status == SendStatus.Ok
            ? receipt
            : throw BrokerErrors.ToException(retained.Status, retained.Remark, $"topic {EmbeddedTopics.Retained}");
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PublishReceipt> FinishAsync(ValueTask<SendOutcome> sent, BrokerTopic topic)
    {
        SendOutcome outcome = await sent.ConfigureAwait(false);
        return outcome.Status == SendStatus.Ok
            ? new PublishReceipt(_decoder.IdOf(outcome.PhysicalOffset), outcome.QueueId, outcome.QueueOffset)
            : throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"topic {topic.Name}");
    }

    private BridgeException? Refuse(in PublishMessage message)
    {
        if (message.Body.Length > Capabilities.MaxBodySize)
        {
            return new BridgeException(BridgeError.MessageTooLarge, $"The body has {message.Body.Length} bytes; at most {Capabilities.MaxBodySize} are taken.");
        }

        if (message.Properties.Text.Length > MaxProperties)
        {
            return new BridgeException(BridgeError.PropertiesInvalid, $"The properties have {message.Properties.Text.Length} bytes; at most {MaxProperties} are taken.");
        }

        if (!Capabilities.Takes(message.Delay))
        {
            return new BridgeException(BridgeError.InvalidArgument, $"A delay is one of the broker's levels, or at most {Capabilities.MaxDelay}.");
        }

        if (message.Retain && message.Delay > TimeSpan.Zero)
        {
            return new BridgeException(BridgeError.InvalidArgument, "A retained message has no delay.");
        }

        return EmbeddedTopics.IsOwn(message.Topic)
            ? new BridgeException(BridgeError.TopicInvalid, $"Topic {message.Topic} holds the gateway's own state.")
            : null;
    }

    private BrokerTopic ResolveOrRefuse(PublishMessage message)
    {
        if (Refuse(message) is { } refusal)
        {
            throw refusal;
        }

        SendStatus found = Resolve(message.Topic, out BrokerTopic? topic);
        return found == SendStatus.Ok ? topic! : throw BrokerErrors.ToException(found, null, $"topic {message.Topic}");
    }

    private SendStatus Resolve(string name, out BrokerTopic? topic)
    {
        topic = _core.Topics.Find(name);
        if (topic is not null)
        {
            // The topic of traces is the system's, and for clients to write to.
            return topic.IsSystem && name != TopicName.Trace ? SendStatus.TopicInvalid : SendStatus.Ok;
        }

        return TopicNames.IsValid(name)
            ? _core.Topics.Resolve(Encoding.ASCII.GetBytes(name), DefaultTopic, _core.Options.DefaultQueues, out topic)
            : SendStatus.TopicInvalid;
    }
}
