using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Requests;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>Sends messages.</summary>
/// <remarks>
/// Thread safe: one producer serves a whole process, with any number of sends at once.
/// A failed send throws a <see cref="ProtoBridgeMqException"/>, whose <see cref="ProtoBridgeMqException.MayHaveHappened"/>
/// says whether the message may be stored all the same. A cancelled send may be stored too.
/// </remarks>
/// <example><code>
/// await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
/// await producer.StartAsync();
/// SendReceipt receipt = await producer.SendAsync(new Message("sensors", "21.5"u8.ToArray(), tag: "kitchen"));
/// </code></example>
public sealed class Producer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly ProducerOptions _options;
    private readonly MessageSender _sender;
    private readonly RequestReply _requests;
    private readonly OrderedLanes _lanes = new();
    private readonly bool _ownsConnection;
    private int _state;

    /// <summary>Makes a producer with a connection of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the producer.")]
    public Producer(ProducerOptions options)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).Client), options) => _ownsConnection = true;

    /// <summary>Makes a producer that shares a connection.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public Producer(ClusterConnection connection, ProducerOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
        _sender = new MessageSender(connection, options);
        _requests = new RequestReply(connection, _sender);
    }

    /// <summary>Starts the heartbeats. Needed before the first send; a second call does nothing.</summary>
    public ValueTask StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_state == 2, this);
        _connection.EnsureStarted();
        if (Interlocked.CompareExchange(ref _state, 1, 0) == 0)
        {
            _connection.Heartbeats.AddProducer(_options.Group);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a message to any queue of its topic; failed tries are repeated on another broker.</summary>
    /// <param name="message">Left alone until the send has completed.</param>
    /// <param name="cancellationToken">Ends the wait; the message may be stored nevertheless.</param>
    /// <returns>When the broker has stored it, as durable as the broker is configured for.</returns>
    /// <exception cref="ProtoBridgeMqException">It was not stored, or that is unknown.</exception>
    public ValueTask<SendReceipt> SendAsync(Message message, CancellationToken cancellationToken = default)
        => SendAsync(message, SendTarget.Any, SendPurpose.Message, cancellationToken);

    /// <summary>Sends a message to a given queue, once.</summary>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    public ValueTask<SendReceipt> SendAsync(Message message, MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return queue.Topic != message.Topic
            ? throw new InvalidMessageException($"The queue {queue} is not one of the message's topic {message.Topic}.")
            : SendAsync(message, new SendTarget(queue, null), SendPurpose.Message, cancellationToken);
    }

    /// <summary>
    /// Sends a message so that all of one topic and ordering key are stored in the order in which they were sent, in
    /// one queue: each waits for the receipt of the one before. It is tried once.
    /// </summary>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    public ValueTask<SendReceipt> SendAsync(Message message, string orderingKey, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(orderingKey);
        return SendOrderedAsync(message, unchecked((int)TagHash.Of(orderingKey.AsSpan())), cancellationToken);
    }

    /// <summary>As with an ordering key, when its hash is already known: equal hashes go to one queue.</summary>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    public async ValueTask<SendReceipt> SendOrderedAsync(Message message, int orderingHash, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        SemaphoreSlim lane = _lanes.Of(message.Topic, orderingHash);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await SendAsync(message, new SendTarget(null, orderingHash), SendPurpose.Message, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Sends a message and blocks the calling thread until that is done, for callers that cannot await.</summary>
    /// <remarks>It does not deadlock under a synchronization context or task scheduler: nothing of the send runs on them.</remarks>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    [SuppressMessage("Usage", "VSTHRD002", Justification = "Blocking is what this member is for; no await in the library comes back to a context.")]
    [SuppressMessage("Usage", "CA2012", Justification = "The same.")]
    public SendReceipt Send(Message message, CancellationToken cancellationToken = default)
        => Task.Run(() => SendAsync(message, cancellationToken).AsTask(), cancellationToken).GetAwaiter().GetResult();

    /// <summary>
    /// Sends a message without asking for a receipt: it is lost when the broker refuses it or the connection breaks.
    /// </summary>
    /// <returns>When it was handed to the connection.</returns>
    /// <exception cref="ProtoBridgeMqException">It was not sent.</exception>
    public ValueTask SendOneWayAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfNotStarted();
        return _sender.SendOneWayAsync(message, cancellationToken);
    }

    /// <summary>
    /// Sends many messages of one topic in as few requests as their size allows (<see cref="ProducerOptions.MaxBatchSize"/>).
    /// Each request is stored whole or not at all; its messages are neighbours in one queue.
    /// </summary>
    /// <param name="messages">Of one topic, without delays. Left alone until the send has completed.</param>
    /// <param name="cancellationToken">Ends the wait; messages may be stored nevertheless.</param>
    /// <returns>One receipt for each message, in their order.</returns>
    /// <exception cref="BatchPartlySentException">A later request failed; it has the receipts of those before.</exception>
    /// <exception cref="ProtoBridgeMqException">The first request failed.</exception>
    public ValueTask<IReadOnlyList<SendReceipt>> SendBatchAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ThrowIfNotStarted();
        RequireOneTopic(messages);
        return _sender.SendBatchAsync(messages, SendTarget.Any, cancellationToken);
    }

    /// <summary>As <see cref="SendBatchAsync(IReadOnlyList{Message}, CancellationToken)"/>, all in one given queue and in their order. Each request is tried once.</summary>
    /// <inheritdoc cref="SendBatchAsync(IReadOnlyList{Message}, CancellationToken)"/>
    public ValueTask<IReadOnlyList<SendReceipt>> SendBatchAsync(
        IReadOnlyList<Message> messages, MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ThrowIfNotStarted();
        RequireOneTopic(messages);
        return messages.Count > 0 && messages[0].Topic != queue.Topic
            ? throw new InvalidMessageException($"The queue {queue} is not one of the messages' topic {messages[0].Topic}.")
            : _sender.SendBatchAsync(messages, new SendTarget(queue, null), cancellationToken);
    }

    /// <summary>Calls back a message that waits for its time (<see cref="Message.DeliverAt"/>): it will not be delivered.</summary>
    /// <param name="topic">The message's topic.</param>
    /// <param name="recallHandle">What its receipt had: <see cref="SendReceipt.RecallHandle"/>.</param>
    /// <param name="cancellationToken">Ends the wait; it may be recalled nevertheless.</param>
    /// <returns>The id of the message. A broker does not say whether there was one.</returns>
    /// <exception cref="ArgumentException">The handle is none.</exception>
    /// <exception cref="RequestRefusedException">Its time is over or near; or the broker cannot do this (before 5.3.2) or is not configured to.</exception>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask<string> RecallAsync(string topic, string recallHandle, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        ThrowIfNotStarted();
        if (!RecallHandle.TryParse(recallHandle, out RecallHandle handle))
        {
            throw new ArgumentException("This is no recall handle: it comes with the receipt of a message that waits for its time.", nameof(recallHandle));
        }

        string what = $"Recalling a message of topic {topic}";
        string address = await _connection
            .RequireAddressAsync(new MessageQueue(topic, handle.BrokerName, 0), masterOnly: true, cancellationToken)
            .ConfigureAwait(false);
        var header = new RecallMessageRequestHeader
        {
            ProducerGroup = _options.Group,
            Topic = topic,
            RecallHandle = recallHandle,
            BrokerName = handle.BrokerName,
        };
        using RemotingResponse response = await _connection.Calls
            .InvokeAsync(address, RequestCode.RecallMessage, header, default, _options.SendTimeout, what, cancellationToken)
            .ConfigureAwait(false);
        if (response.Code != ResponseCode.Success)
        {
            throw CallErrors.Refused(response, what, address, RecallAdvice(response.Code));
        }

        string id = RemoteCalls.Read(response, what, address, static answer => RecallMessageResponseHeader.Read(answer.Fields)).MessageId ?? handle.UniqueKey;
        _connection.Trace?.Recalled(_options.Group, topic, id, isSuccess: true);
        return id;
    }

    /// <summary>
    /// Sends a message and waits for the reply of whoever handles it (<see cref="ReplyAsync"/>, or any RocketMQ client's reply).
    /// </summary>
    /// <param name="message">The request. Left alone until this has completed.</param>
    /// <param name="timeout">How long the whole may take. The request says it to its handlers.</param>
    /// <param name="cancellationToken">Ends the wait; the request may be stored and handled nevertheless.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="RequestTimeoutException">No reply came in time; the request is stored, or that is unknown.</exception>
    /// <exception cref="ClientBusyException">Too many requests wait (<see cref="ClientOptions.MaxPendingReplies"/>).</exception>
    /// <exception cref="ProtoBridgeMqException">The request was not stored, or that is unknown.</exception>
    public ValueTask<ReceivedMessage> RequestAsync(Message message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return RequestToAsync(message, SendTarget.Any, timeout, cancellationToken);
    }

    /// <summary>Replies to a request that a consumer of this process handles.</summary>
    /// <param name="request">The request: a message that was sent by <see cref="RequestAsync"/> or another RocketMQ client's request.</param>
    /// <param name="body">The reply.</param>
    /// <param name="cancellationToken">Ends the wait; the reply may arrive nevertheless.</param>
    /// <returns>When the broker has handed the reply to who asked.</returns>
    /// <exception cref="InvalidMessageException">The message is no request.</exception>
    /// <exception cref="RequestRefusedException">Who asked is gone, or did not take it.</exception>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public ValueTask<SendReceipt> ReplyAsync(ReceivedMessage request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ThrowIfNotStarted();
        return _requests.ReplyAsync(request, body, cancellationToken);
    }

    /// <summary>The queues of a topic that can be sent to, in order; none when it does not exist.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<IReadOnlyList<MessageQueue>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        TopicRoute? route = await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return route?.WriteQueues ?? [];
    }

    /// <summary>Leaves the producer group, and closes the connection unless it is shared.</summary>
    public async ValueTask DisposeAsync()
    {
        int state = Interlocked.Exchange(ref _state, 2);
        if (state == 1 && _connection.Heartbeats.RemoveProducer(_options.Group) && !_connection.Stopped.IsCancellationRequested)
        {
            await _connection.Heartbeats.LeaveAsync(_options.Group, null, CancellationToken.None).ConfigureAwait(false);
        }

        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        if (state != 2)
        {
            _lanes.Dispose();
        }
    }

    /// <summary>Sends a request to a given queue, or the one of an ordering hash.</summary>
    internal ValueTask<ReceivedMessage> RequestToAsync(Message message, SendTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ThrowIfNotStarted();
        return _requests.RequestAsync(message, target, timeout, cancellationToken);
    }

    /// <summary>Replies by way of one broker to a request of which only the address is known.</summary>
    internal ValueTask<SendReceipt> ReplyByAsync(ReplyTo to, MessageQueue queue, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        ThrowIfNotStarted();
        return _requests.ReplyAsync(to, new SendTarget(queue, null), body, cancellationToken);
    }

    /// <summary>Sends with what RocketMQ adds for a purpose.</summary>
    internal ValueTask<SendReceipt> SendAsync(Message message, SendTarget target, SendPurpose purpose, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfNotStarted();
        return _sender.SendAsync(message, target, purpose, cancellationToken);
    }

    private static string? RecallAdvice(int code) => code switch
    {
        ResponseCode.RequestCodeNotSupported => "Recalls need RocketMQ 5.3.2 or a broker of this project: the message will be delivered at its time.",
        ResponseCode.NoPermission => "Apache's brokers recall only where recallMessageEnable is true: the message will be delivered at its time.",
        _ => null,
    };

    private static void RequireOneTopic(IReadOnlyList<Message> messages)
    {
        foreach (Message message in messages)
        {
            if (message.Topic != messages[0].Topic)
            {
                throw new InvalidMessageException($"A batch has one topic; this one has {messages[0].Topic} and {message.Topic}.");
            }
        }
    }

    private void ThrowIfNotStarted()
    {
        ObjectDisposedException.ThrowIf(_state == 2, this);
        if (_state == 0)
        {
            throw new InvalidOperationException("The producer was not started: await StartAsync first.");
        }
    }
}
