using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Client.Transactions;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// Sends messages that are delivered if, and only if, a local transaction commits. The broker keeps a message unseen (half message)
/// until the producer says how it ended; when it hears nothing it asks, and the checker answers from what the database has.
/// </summary>
/// <remarks>Thread safe. The checker is called from the thread pool, <see cref="TransactionProducerOptions.MaxConcurrentChecks"/> at once; what it throws means unknown.</remarks>
/// <example><code>
/// TransactionReceipt sent = await producer.SendAsync(
///     new Message("orders", body, keys: order.Id),
///     async (receipt, token) =&gt; await orders.InsertAsync(order, receipt.MessageId, token) ? TransactionOutcome.Commit : TransactionOutcome.Rollback);
/// </code></example>
public sealed class TransactionProducer : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly TransactionProducerOptions _options;
    private readonly Producer _producer;
    private readonly TransactionAnswers _answers;
    private readonly TransactionEnds _ends;
    private readonly SendPurpose _half;
    private readonly bool _ownsConnection;
    private int _state;

    /// <summary>Makes a producer with a connection of its own.</summary>
    /// <param name="options">Group and limits.</param>
    /// <param name="checker">Says how the transaction of a half message ended. It may be one of another process of the group, and is asked some seconds after it began at the earliest.</param>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the producer.")]
    public TransactionProducer(TransactionProducerOptions options, Func<ReceivedMessage, CancellationToken, ValueTask<TransactionOutcome>> checker)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).RequireSending().Client), options, checker) => _ownsConnection = true;

    /// <summary>Makes a producer that shares a connection, which must not have another transaction producer of the group.</summary>
    /// <inheritdoc cref="TransactionProducer(TransactionProducerOptions, Func{ReceivedMessage, CancellationToken, ValueTask{TransactionOutcome}})"/>
    public TransactionProducer(
        ClusterConnection connection, TransactionProducerOptions options, Func<ReceivedMessage, CancellationToken, ValueTask<TransactionOutcome>> checker)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(checker);
        options.Validate();
        _connection = connection;
        _options = options;
        _producer = new Producer(connection, options.Sending.For(options.Group));
        _answers = new TransactionAnswers(connection, options, checker);
        _ends = new TransactionEnds(connection, options);
        _half = new SendPurpose(SendKind.Message, MessageSysFlag.TransactionPrepared, HalfProperties(options));
    }

    /// <summary>Starts the heartbeats and the answering of brokers' questions. Needed before the first send; a second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">The connection has a transaction producer of the group already.</exception>
    public ValueTask StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_state == 2, this);
        if (Interlocked.CompareExchange(ref _state, 1, 0) == 0)
        {
            _connection.Transactions.Add(_options.Group, _answers);
            _answers.Start();
        }

        return _producer.StartAsync(cancellationToken);
    }

    /// <summary>Hands a message to a broker, which shows it to nobody until the transaction ends.</summary>
    /// <param name="message">Without a delay. Left alone until this has completed.</param>
    /// <param name="cancellationToken">Ends the wait; the broker may have it nevertheless, and asks then.</param>
    /// <exception cref="InvalidMessageException">The message has a delay, or cannot be sent as it is.</exception>
    /// <exception cref="ProtoBridgeMqException">The broker does not have it, or that is unknown: do not begin the local transaction, and let the checker say "rollback" for what it does not know.</exception>
    public async ValueTask<Transaction> BeginAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (MessageEncoder.IsDelayed(message))
        {
            throw new InvalidMessageException("A message of a transaction cannot have a delay.");
        }

        SendReceipt receipt = await _producer.SendAsync(message, SendTarget.Any, _half, cancellationToken).ConfigureAwait(false);
        return new Transaction(_ends, message, receipt);
    }

    /// <summary>Hands a message to a broker, runs the local transaction, and tells the broker how it ended.</summary>
    /// <param name="message">Without a delay. Left alone until this has completed.</param>
    /// <param name="local">The local transaction. It keeps the id of the receipt, for the checker to find. What it throws leaves the outcome unknown, and is thrown on.</param>
    /// <param name="cancellationToken">Handed to the local transaction; ends waits for the broker.</param>
    /// <returns>The outcome, and whether the broker has it. When the broker could not make the half message as durable as it should be, it is rolled back and <paramref name="local"/> is not called.</returns>
    /// <exception cref="ProtoBridgeMqException">The broker does not have the message, or that is unknown; the local transaction did not run.</exception>
    public async ValueTask<TransactionReceipt> SendAsync(
        Message message, Func<SendReceipt, CancellationToken, ValueTask<TransactionOutcome>> local, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(local);
        Transaction transaction = await BeginAsync(message, cancellationToken).ConfigureAwait(false);
        TransactionOutcome outcome = transaction.Receipt.Status == SendStatus.Ok
            ? await local(transaction.Receipt, cancellationToken).ConfigureAwait(false)
            : TransactionOutcome.Rollback;
        if (outcome == TransactionOutcome.Unknown)
        {
            return new TransactionReceipt(transaction.Receipt, outcome, false);
        }

        try
        {
            // The local transaction has ended: its outcome is told whatever the caller's token says now.
            await _ends.EndAsync(message, transaction.Receipt, outcome, CancellationToken.None).ConfigureAwait(false);
            return new TransactionReceipt(transaction.Receipt, outcome, true);
        }
        catch (ProtoBridgeMqException error)
        {
            _connection.Log.TransactionEndFailed(_options.Group, transaction.Receipt.MessageId, error.Message);
            return new TransactionReceipt(transaction.Receipt, outcome, false);
        }
    }

    /// <summary>Stops answering, leaves the producer group, and closes the connection unless it is shared. Open transactions are left to the other members.</summary>
    public async ValueTask DisposeAsync()
    {
        int state = Interlocked.Exchange(ref _state, 2);
        if (state == 1)
        {
            _connection.Transactions.Remove(_options.Group);
            await _answers.StopAsync().ConfigureAwait(false);
        }

        _answers.Dispose();
        await _producer.DisposeAsync().ConfigureAwait(false);
        if (_ownsConnection)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static SystemProperty[] HalfProperties(TransactionProducerOptions options)
    {
        SystemProperty[] properties = [new("TRAN_MSG", "true"), new("PGROUP", options.Group)];
        return options.CheckAfter is { } after
            ? [.. properties, new("CHECK_IMMUNITY_TIME_IN_SECONDS", ((long)after.TotalSeconds).ToString(CultureInfo.InvariantCulture))]
            : properties;
    }
}
