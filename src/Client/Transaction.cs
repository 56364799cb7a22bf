using ProtoBridgeMQ.Client.Transactions;

namespace ProtoBridgeMQ.Client;

/// <summary>How a local transaction ended.</summary>
public enum TransactionOutcome
{
    /// <summary>Not known yet: the broker asks later.</summary>
    Unknown,

    /// <summary>It is done: the message is delivered.</summary>
    Commit,

    /// <summary>It did not happen: the message is never delivered.</summary>
    Rollback,
}

/// <summary>A message that a broker keeps and shows to nobody until the transaction ends: <see cref="TransactionProducer.BeginAsync"/>.</summary>
/// <remarks>
/// Not thread safe. Disposing it does not end it: an open transaction is one whose outcome is not known, and the broker asks the
/// producer's checker. So a process that dies, or throws between the database's commit and <see cref="CommitAsync"/>, loses nothing.
/// </remarks>
public sealed class Transaction
{
    private readonly TransactionEnds _ends;

    internal Transaction(TransactionEnds ends, Message message, SendReceipt receipt)
    {
        _ends = ends;
        Message = message;
        Receipt = receipt;
    }

    /// <summary>The message.</summary>
    public Message Message { get; }

    /// <summary>Where the broker keeps it, and the id that it will have (<see cref="SendReceipt.MessageId"/>): write it beside the local changes, for the checker to find.</summary>
    public SendReceipt Receipt { get; }

    /// <summary>How it ended; unknown while it is open.</summary>
    public TransactionOutcome Outcome { get; private set; }

    /// <summary>Delivers the message. Complete when the broker has it durably.</summary>
    /// <exception cref="InvalidOperationException">It has ended otherwise already.</exception>
    /// <exception cref="ProtoBridgeMqException">The broker did not confirm it: it may have happened, and if not the broker asks the checker.</exception>
    public ValueTask CommitAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionOutcome.Commit, cancellationToken);

    /// <summary>Drops the message. Complete when the broker has it durably.</summary>
    /// <inheritdoc cref="CommitAsync"/>
    public ValueTask RollbackAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionOutcome.Rollback, cancellationToken);

    private async ValueTask EndAsync(TransactionOutcome outcome, CancellationToken cancellationToken)
    {
        if (Outcome != TransactionOutcome.Unknown && Outcome != outcome)
        {
            throw new InvalidOperationException($"The transaction ended with {Outcome} already.");
        }

        await _ends.EndAsync(Message, Receipt, outcome, cancellationToken).ConfigureAwait(false);
        Outcome = outcome;
    }
}

/// <summary>What became of a message that was sent in a transaction.</summary>
/// <param name="Receipt">Where the broker keeps the message, and its id.</param>
/// <param name="Outcome">How the local transaction ended.</param>
/// <param name="IsSettled">Whether the broker has that outcome. If not, it asks the checker.</param>
public readonly record struct TransactionReceipt(SendReceipt Receipt, TransactionOutcome Outcome, bool IsSettled);
