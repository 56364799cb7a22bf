namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>How a transaction ended.</summary>
public enum TransactionResult
{
    /// <summary>The message was put into its topic.</summary>
    Committed,

    /// <summary>The message will never come.</summary>
    RolledBack,

    /// <summary>Its producer was asked too often, or it is too old: it was put aside.</summary>
    Discarded,
}
