using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Transactions;

/// <summary>Messages that nobody sees until their transaction is committed. What is left open the brokers ask its producer group about.</summary>
/// <remarks>Thread safe. Errors are <see cref="BridgeException"/>s.</remarks>
public interface ITransactions
{
    /// <summary>Stores a message that nobody sees yet; complete when it is durable.</summary>
    /// <param name="message">Without a delay; borrowed until this completes.</param>
    /// <param name="group">The producer group that is asked.</param>
    /// <param name="checkAfter">How long not to ask; null for the brokers' usual time.</param>
    /// <param name="cancellationToken">Ends the wait; the transaction may be open nevertheless.</param>
    ValueTask<BegunTransaction> BeginAsync(PublishMessage message, string group, TimeSpan? checkAfter, CancellationToken cancellationToken = default);

    /// <summary>Ends a transaction; complete when that is durable. The same end again is no error.</summary>
    /// <param name="id">As <see cref="BeginAsync"/> or a question gave it.</param>
    /// <param name="isCommitted">Whether the message is to be seen, or never.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.DeliveryUnknown"/>: there is none, or it ended otherwise.</exception>
    ValueTask EndAsync(string id, bool isCommitted, CancellationToken cancellationToken = default);

    /// <summary>Joins a producer group, so that it can be asked; disposing leaves it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="asked">Called for each question; quick, and throws nothing.</param>
    IDisposable Join(string group, Action<TransactionCheck> asked);
}

/// <summary>A transaction that is open.</summary>
/// <param name="Id">With what it is ended.</param>
/// <param name="Key">Unique key of its message: the same in every question about it.</param>
public sealed record BegunTransaction(string Id, string Key);

/// <summary>A question of the brokers: what became of this transaction?</summary>
/// <param name="Id">With what it is ended.</param>
/// <param name="Key">Unique key of its message.</param>
/// <param name="Message">The message, with memory of its own.</param>
public sealed record TransactionCheck(string Id, string Key, BridgeMessage Message);
