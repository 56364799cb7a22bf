namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>What a producer is asked about a transaction that it has not ended.</summary>
/// <param name="QueueOffset">Place of the half message in its queue.</param>
/// <param name="PhysicalOffset">Place of the half message in the commit log.</param>
/// <param name="UniqueKey">Unique key of the message, which is the transaction's id too.</param>
/// <param name="OffsetMessageId">Id of the half message.</param>
/// <param name="BrokerName">The broker that asks.</param>
/// <param name="Record">The half message as a record of the topic that it is meant for. Borrowed for the call.</param>
public readonly record struct TransactionQuestion(
    long QueueOffset,
    long PhysicalOffset,
    string? UniqueKey,
    string OffsetMessageId,
    string BrokerName,
    ReadOnlyMemory<byte> Record);
