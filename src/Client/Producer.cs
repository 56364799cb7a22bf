using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client;

/// <summary>Sends messages.</summary>
/// <remarks>
/// Thread safe: one producer serves a whole process, with any number of sends at once.
/// A failed send throws a <see cref="ProtoBridgeMqException"/>, whose <see cref="ProtoBridgeMqException.MayHaveHappened"/>
/// says whether the message may be stored all the same. A cancelled send may be stored too.
/// </remarks>
/// <example><code>
/// await using var producer = new Producer(new ProducerOptions { Client = { NameServers = "127.0.0.1:9876" } });
/// await producer.StartAsync();
/// SendReceipt receipt = await producer.SendAsync(new Message("sensors", "21.5"u8.ToArray(), tag: "kitchen"));
/// </code></example>
public sealed class Producer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly ProducerOptions _options;
    private readonly MessageEncoder _encoder;
    private readonly SendRequest _request;
    private readonly SendTries _tries;
    private readonly OrderedLanes _lanes = new();
    private readonly bool _ownsConnection;
    private int _state;

    /// <summary>Makes a producer with a connection of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the producer.")]
    public Producer(ProducerOptions options)
        : this(new ClusterConnection((options ?? throw new ArgumentNullException(nameof(options))).Client), options) => _ownsConnection = true;

    /// <summary>Makes a producer that shares a connection.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public Producer(ClusterConnection connection, ProducerOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
        _encoder = new MessageEncoder(connection.Keys, connection.Options.TimeProvider, connection.Options.MaxBodySize, options.CompressOver);
        _request = new SendRequest(connection, options);
        _tries = new SendTries(connection, options, new FaultTable(connection.Options.TimeProvider, options.AvoidSlowBrokers), _request);
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
        => SendAsync(message, SendTarget.Any, cancellationToken);

    /// <summary>Sends a message to a given queue, once.</summary>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    public ValueTask<SendReceipt> SendAsync(Message message, MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return queue.Topic != message.Topic
            ? throw new InvalidMessageException($"The queue {queue} is not one of the message's topic {message.Topic}.")
            : SendAsync(message, new SendTarget(queue, null), cancellationToken);
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
            return await SendAsync(message, new SendTarget(null, orderingHash), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Sends a message and blocks the calling thread until that is done, for callers that cannot await.</summary>
    /// <remarks>It does not deadlock under a synchronization context or task scheduler: nothing of the send runs on them.</remarks>
    /// <inheritdoc cref="SendAsync(Message, CancellationToken)"/>
    [SuppressMessage("Usage", "VSTHRD002", Justification = "Blocking is what this method is for; the work runs on the pool.")]
    public SendReceipt Send(Message message, CancellationToken cancellationToken = default)
        => Task.Run(() => SendAsync(message, cancellationToken).AsTask(), CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>
    /// Sends a message without asking for a receipt: it is lost when the broker refuses it or the connection breaks.
    /// </summary>
    /// <returns>When it was handed to the connection.</returns>
    /// <exception cref="ProtoBridgeMqException">It was not sent.</exception>
    public async ValueTask SendOneWayAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfNotStarted();
        TopicEntry topic = _connection.Routes.Entry(message.Topic);
        EncodedMessage encoded = _encoder.Encode(message);
        try
        {
            TopicRoute route = await _tries.RouteAsync(topic, cancellationToken).ConfigureAwait(false);
            MessageQueue queue = _tries.Choose(topic, route, SendTarget.Any, null);
            await _request.SendOneWayAsync(topic, queue, encoded, cancellationToken).ConfigureAwait(false);
            ClientMetrics.Sent.Add(1);
        }
        finally
        {
            encoded.Release();
        }
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
    public async ValueTask<IReadOnlyList<SendReceipt>> SendBatchAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ThrowIfNotStarted();
        var receipts = new List<SendReceipt>(messages.Count);
        var body = new ArrayBufferWriter<byte>(4096);
        var ids = new List<string>();
        var cutter = new BatchCutter(_encoder, _options.MaxBatchSize);
        RequireOneTopic(messages);
        while (receipts.Count < messages.Count)
        {
            body.ResetWrittenCount();
            ids.Clear();
            try
            {
                cutter.Cut(messages, receipts.Count, body, ids);
                SendReceipt receipt = await SendPartAsync(messages[0].Topic, body.WrittenMemory, cancellationToken).ConfigureAwait(false);
                AddReceipts(receipts, receipt, ids);
            }
            catch (ProtoBridgeMqException error) when (receipts.Count > 0)
            {
                throw new BatchPartlySentException(receipts, messages.Count, error);
            }
        }

        return receipts;
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

    private async ValueTask<SendReceipt> SendAsync(Message message, SendTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfNotStarted();
        EncodedMessage encoded = _encoder.Encode(message);
        try
        {
            SendReceipt receipt = await _tries
                .SendAsync(message.Topic, target, encoded, batch: false, cancellationToken)
                .ConfigureAwait(false);
            ClientMetrics.Sent.Add(1);
            return receipt;
        }
        finally
        {
            encoded.Release();
        }
    }

    private async ValueTask<SendReceipt> SendPartAsync(string topic, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        byte[] properties = ArrayPool<byte>.Shared.Rent(16);
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("WAIT"u8, "true"u8);
        long now = _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        var part = new EncodedMessage(properties, writer.Length, body, 0, 0, now, string.Empty);
        try
        {
            return await _tries.SendAsync(topic, SendTarget.Any, part, batch: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            part.Release();
        }
    }

    /// <summary>A part has one answer: ids separated by commas, and the offset of its first message.</summary>
    private static void AddReceipts(List<SendReceipt> receipts, SendReceipt part, List<string> ids)
    {
        string[] offsetIds = part.OffsetMessageId.Split(',');
        for (int i = 0; i < ids.Count; i++)
        {
            receipts.Add(part with
            {
                MessageId = ids[i],
                OffsetMessageId = i < offsetIds.Length ? offsetIds[i] : string.Empty,
                QueueOffset = part.QueueOffset + i,
            });
        }

        ClientMetrics.Sent.Add(ids.Count);
    }

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
