namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>What a producer says of a transaction.</summary>
/// <param name="ProducerGroup">Its group.</param>
/// <param name="Place">Place of the half message in its queue.</param>
/// <param name="PhysicalOffset">Place of the half message in the commit log.</param>
/// <param name="Result">How it ends.</param>
/// <param name="WasAsked">Whether the broker had asked.</param>
/// <param name="Key">The unique key that the half message must have; null for any: places alone can be guessed.</param>
public readonly record struct TransactionEnd(string ProducerGroup, long Place, long PhysicalOffset, TransactionResult Result, bool WasAsked, string? Key = null);

/// <summary>What became of it.</summary>
public enum EndStatus
{
    /// <summary>Done, and as durable as the broker is configured for.</summary>
    Ok,

    /// <summary>There is no such half message, or what is said of it is wrong; the remark says what.</summary>
    Wrong,

    /// <summary>The time that the message itself sets for its producer is over: the broker asks.</summary>
    TooLate,

    /// <summary>The message cannot be put into its topic; see <see cref="EndOutcome.Append"/>.</summary>
    NotPut,

    /// <summary>It was written, but whether it is durable is unknown.</summary>
    Unknown,
}

/// <summary>The answer to the end of a transaction.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Remark">For people, when it is not done.</param>
/// <param name="Append">Of <see cref="EndStatus.NotPut"/>: what the store said.</param>
public readonly record struct EndOutcome(EndStatus Status, string? Remark = null, Store.AppendStatus Append = default);
