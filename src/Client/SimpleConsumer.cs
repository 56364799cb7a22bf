using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Popping;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// Receives messages of any queue (RocketMQ's pop): no queue belongs to anybody, so any number of consumers share a group evenly and one that
/// hangs holds nothing up. A message stays invisible for a time, and comes again when it is not acknowledged until then.
/// </summary>
/// <remarks>
/// Thread safe: receive and acknowledge from as many tasks as you like. Start once, stop by disposing.
/// For brokers of RocketMQ 5 and of this project; those of 4.x answer <see cref="RefusalReason.Unsupported"/>.
/// </remarks>
/// <example><code>
/// await using var consumer = new SimpleConsumer(connection, new SimpleConsumerOptions { Group = "mails" });
/// consumer.Subscribe("outbox");
/// await consumer.StartAsync();
/// foreach (PoppedMessage popped in await consumer.ReceiveAsync(16, TimeSpan.FromSeconds(10)))
/// {
///     await SendMailAsync(popped.Message);
///     await consumer.AckAsync(popped);
/// }
/// </code></example>
public sealed class SimpleConsumer : IAsyncDisposable
{
    /// <summary>Messages of one pop, as brokers limit it.</summary>
    public const int MaxMessages = 32;

    /// <summary>A held pop waits at one broker: with several each is given so long, in turn.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    private readonly ClusterConnection _connection;
    private readonly SimpleConsumerOptions _options;
    private readonly HeaderText _group;
    private readonly bool _ownsConnection;
    private readonly Dictionary<string, MessageFilter> _subscriptions = new(StringComparer.Ordinal);
    private PopMembership? _membership;
    private uint _turn;
    private int _disposed;

    /// <summary>Makes a consumer with a connection of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the consumer.")]
    public SimpleConsumer(SimpleConsumerOptions options)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).Client), options) => _ownsConnection = true;

    /// <summary>Makes a consumer that shares a connection, which must not have another consumer of the group.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public SimpleConsumer(ClusterConnection connection, SimpleConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
        _group = new HeaderText(options.Group);
    }

    /// <summary>Adds a topic. Before the start only.</summary>
    /// <param name="topic">The topic; it need not exist yet.</param>
    /// <param name="filter">Which of its messages; null for all.</param>
    public void Subscribe(string topic, MessageFilter? filter = null)
    {
        Names.RequireTopic(topic);
        if (_membership is not null)
        {
            throw new InvalidOperationException("The consumer has started: subscribe before StartAsync.");
        }

        _subscriptions[topic] = filter ?? MessageFilter.All;
    }

    /// <summary>Joins the group: brokers hear of it before the first receive.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers. The consumer can be started again.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_subscriptions.Count == 0)
        {
            throw new InvalidOperationException("The consumer has no topic: call Subscribe before StartAsync.");
        }

        if (_membership is not null)
        {
            throw new InvalidOperationException("The consumer has started already.");
        }

        _connection.EnsureStarted();
        foreach (string topic in _subscriptions.Keys)
        {
            await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        }

        long version = _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        SubscriptionData[] described = [.. _subscriptions.Select(subscription => subscription.Value.Describe(subscription.Key, version))];
        var membership = new PopMembership(_options.Group, _options.From, described);
        _connection.Heartbeats.AddMember(membership);
        _membership = membership;
        await _connection.Heartbeats.BeatOnceAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives the next messages of the topics, in turn.</summary>
    /// <param name="max">At most so many, 1 to 32.</param>
    /// <param name="wait">How long to wait when there is none.</param>
    /// <param name="cancellationToken">Ends the wait. Messages that were on the way then come again after the invisible time.</param>
    /// <returns>None when the time is over, or no topic exists yet.</returns>
    /// <exception cref="ProtoBridgeMqException">No broker could be asked, or one refused.</exception>
    public async ValueTask<IReadOnlyList<PoppedMessage>> ReceiveAsync(int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, MaxMessages);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_membership is null)
        {
            throw new InvalidOperationException("The consumer was not started: await StartAsync first.");
        }

        TimeProvider time = _connection.Options.TimeProvider;
        long start = time.GetTimestamp();
        bool hold = false;
        while (true)
        {
            List<(string Topic, string Broker)> places = await PlacesAsync(cancellationToken).ConfigureAwait(false);
            TimeSpan left = wait - time.GetElapsedTime(start);
            if (await PopInTurnAsync(places, max, hold ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is { Count: > 0 } messages)
            {
                return messages;
            }

            if (wait - time.GetElapsedTime(start) <= TimeSpan.Zero)
            {
                return [];
            }

            hold = true;
            if (places.Count == 0)
            {
                await Task.Delay(_connection.Options.MissingTopicInterval, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The message is done: it never comes again to the group.</summary>
    /// <returns>When the broker has it durably. An acknowledgement that comes too late is no error: the message came again already.</returns>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached, or refused.</exception>
    public async ValueTask AckAsync(PoppedMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        Receipt receipt = message.Receipt;
        var header = new AckMessageRequestHeader
        {
            ConsumerGroup = _group,
            Topic = receipt.TopicOf(message.Message.Topic, _options.Group),
            QueueId = receipt.QueueId,
            ExtraInfo = receipt.ToString(),
            Offset = receipt.Offset,
            BrokerName = receipt.BrokerName,
        };
        using RemotingResponse response = await AskAsync(message, RequestCode.AckMessage, header, default, "Acknowledging a message", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Messages are done: one request for each broker.</summary>
    /// <inheritdoc cref="AckAsync(PoppedMessage, CancellationToken)"/>
    public Task AckAsync(IReadOnlyCollection<PoppedMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Task.WhenAll(messages
            .GroupBy(message => message.Receipt.BrokerName)
            .Select(broker => AckBatchAsync([.. broker], cancellationToken)));
    }

    /// <summary>Changes how long a message stays invisible: longer while it is being handled, or shorter to give it back.</summary>
    /// <param name="message">The message.</param>
    /// <param name="invisibleTime">From now on; zero gives it back at once.</param>
    /// <param name="cancellationToken">Ends the wait; it may be changed nevertheless, and then only the invisible time ends it.</param>
    /// <returns>The message with its new receipt: the old one is of no use any more.</returns>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached, or refused.</exception>
    public async ValueTask<PoppedMessage> ChangeInvisibleTimeAsync(PoppedMessage message, TimeSpan invisibleTime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfLessThan(invisibleTime, TimeSpan.Zero);
        Receipt receipt = message.Receipt;
        var header = new ChangeInvisibleTimeRequestHeader
        {
            ConsumerGroup = _group,
            Topic = receipt.TopicOf(message.Message.Topic, _options.Group),
            QueueId = receipt.QueueId,
            ExtraInfo = receipt.ToString(),
            Offset = receipt.Offset,
            InvisibleTime = (long)invisibleTime.TotalMilliseconds,
            BrokerName = receipt.BrokerName,
        };
        const string What = "Changing the invisible time of a message";
        using RemotingResponse response = await AskAsync(message, RequestCode.ChangeMessageInvisibleTime, header, default, What, cancellationToken).ConfigureAwait(false);
        ChangeInvisibleTimeResponseHeader changed = RemoteCalls.Read(
            response, What, receipt.BrokerName, static answer => ChangeInvisibleTimeResponseHeader.Read(answer.Fields), mayHaveHappened: true);
        return new PoppedMessage(
            message.Message,
            receipt with { StartOffset = receipt.Offset, PopTime = changed.PopTime, InvisibleTime = changed.InvisibleTime, ReviveQueueId = changed.ReviveQueueId });
    }

    /// <summary>Leaves the group, and closes the connection unless it is shared. What was received and not acknowledged comes again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_membership is not null)
        {
            _connection.Heartbeats.RemoveMember(_membership);
            if (!_connection.Stopped.IsCancellationRequested)
            {
                await _connection.Heartbeats.LeaveAsync(null, _options.Group, CancellationToken.None).ConfigureAwait(false);
            }
        }

        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Every broker of every topic that exists.</summary>
    private async ValueTask<List<(string Topic, string Broker)>> PlacesAsync(CancellationToken cancellationToken)
    {
        var places = new List<(string, string)>();
        foreach (string topic in _subscriptions.Keys)
        {
            if (await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false) is { } route)
            {
                places.AddRange(route.ReadQueues.Select(queue => queue.BrokerName).Distinct().Select(broker => (topic, broker)));
            }
        }

        return places;
    }

    /// <summary>Pops at one place after the other, beginning at another one each time, until one has something.</summary>
    private async ValueTask<IReadOnlyList<PoppedMessage>> PopInTurnAsync(
        List<(string Topic, string Broker)> places, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        uint first = Interlocked.Increment(ref _turn);
        ProtoBridgeMqException? failed = null;
        int failures = 0;
        for (int i = 0; i < places.Count; i++)
        {
            (string topic, string broker) = places[(int)((first + i) % (uint)places.Count)];
            try
            {
                TimeSpan hold = places.Count == 1 || wait < Slice ? wait : Slice;
                if (await PopAsync(topic, broker, max, hold, cancellationToken).ConfigureAwait(false) is { Count: > 0 } messages)
                {
                    return messages;
                }
            }
            catch (ProtoBridgeMqException error)
            {
                failed = error;
                failures++;
            }
        }

        // One broker that is away must not keep the messages of the others away.
        return failed is not null && failures == places.Count ? throw failed : [];
    }

    private async ValueTask<IReadOnlyList<PoppedMessage>> PopAsync(string topic, string broker, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        string address = await _connection.RequireAddressAsync(new MessageQueue(topic, broker, 0), masterOnly: true, cancellationToken).ConfigureAwait(false);
        MessageFilter filter = _subscriptions[topic];
        var header = new PopMessageRequestHeader
        {
            ConsumerGroup = _group,
            Topic = _connection.Routes.Entry(topic).Name,
            QueueId = -1,
            MaxMessages = max,
            InvisibleTime = (long)_options.InvisibleTime.TotalMilliseconds,
            PollTime = (long)wait.TotalMilliseconds,
            BornTime = _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(),
            InitMode = _options.From == ConsumeFrom.First ? 0 : 1,
            ExpressionType = filter.IsSql ? filter.TypeHeader : "TAG",
            Expression = filter.Header,
            Order = _options.Ordered,
            BrokerName = broker,
        };
        const string What = "A pop";
        using RemotingResponse response = await _connection.Calls
            .InvokeAsync(address, RequestCode.PopMessage, header, default, wait + _connection.Options.RequestTimeout, What, cancellationToken)
            .ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => new PopAnswer(_connection, topic, broker, address).Read(response),
            ResponseCode.PullNotFound or ResponseCode.PollingTimeout or ResponseCode.PullRetryImmediately => [],
            _ => throw CallErrors.Refused(
                response,
                $"A pop from topic {topic} for group {_options.Group}",
                address,
                response.Code == ResponseCode.RequestCodeNotSupported
                    ? "Pops need RocketMQ 5 or a broker of this project: use a PushConsumer or a PullConsumer, which work with all brokers."
                    : null),
        };
    }

    private async Task AckBatchAsync(PoppedMessage[] messages, CancellationToken cancellationToken)
    {
        if (messages.Length == 1)
        {
            await AckAsync(messages[0], cancellationToken).ConfigureAwait(false);
            return;
        }

        byte[] body = LenientJson.Write(
            new BatchAckBody { BrokerName = messages[0].Receipt.BrokerName, Acks = AckBatch.Entries(messages, _options.Group) }, RemotingJson.Bodies.BatchAckBody);
        using RemotingResponse response = await AskAsync(messages[0], RequestCode.BatchAckMessage, default(EmptyFields), body, "Acknowledging messages", cancellationToken)
            .ConfigureAwait(false);
    }

    private async ValueTask<RemotingResponse> AskAsync<THeader>(
        PoppedMessage message, int code, THeader header, ReadOnlyMemory<byte> body, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        string address = await _connection.RequireAddressAsync(message.Message.Queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        return await _connection.Calls
            .RequireAsync(address, code, header, body, _connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
    }
}
