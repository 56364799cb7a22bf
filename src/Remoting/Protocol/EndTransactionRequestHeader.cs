using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A producer ends a transaction, by itself or because it was asked (code 37).</summary>
public readonly record struct EndTransactionRequestHeader : IHeaderWriter, IHeaderReader<EndTransactionRequestHeader>
{
    /// <summary>Value of <see cref="CommitOrRollback"/>: not known yet.</summary>
    public const int Unknown = 0;

    /// <summary>Value of <see cref="CommitOrRollback"/>: commit.</summary>
    public const int Commit = 8;

    /// <summary>Value of <see cref="CommitOrRollback"/>: rollback.</summary>
    public const int Rollback = 12;

    /// <summary>The topic that the message is meant for; 5.x clients say it.</summary>
    public string? Topic { get; init; }

    /// <summary>The producer's group.</summary>
    public required string ProducerGroup { get; init; }

    /// <summary>Place of the half message in its queue.</summary>
    public required long TransactionStateTableOffset { get; init; }

    /// <summary>Place of the half message in the commit log.</summary>
    public required long CommitLogOffset { get; init; }

    /// <summary>The outcome.</summary>
    public required int CommitOrRollback { get; init; }

    /// <summary>Whether the broker had asked.</summary>
    public bool? FromTransactionCheck { get; init; }

    /// <summary>Unique key of the message.</summary>
    public required string MessageId { get; init; }

    /// <summary>The same, from 5.x clients.</summary>
    public string? TransactionId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static EndTransactionRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetStringOrNull("topic"u8),
        ProducerGroup = fields.GetString("producerGroup"u8),
        TransactionStateTableOffset = fields.GetInt64("tranStateTableOffset"u8),
        CommitLogOffset = fields.GetInt64("commitLogOffset"u8),
        CommitOrRollback = fields.GetInt32("commitOrRollback"u8),
        FromTransactionCheck = fields.GetBooleanOrNull("fromTransactionCheck"u8),
        MessageId = fields.GetString("msgId"u8),
        TransactionId = fields.GetStringOrNull("transactionId"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("tranStateTableOffset"u8, TransactionStateTableOffset);
        fields.Add("commitLogOffset"u8, CommitLogOffset);
        fields.Add("commitOrRollback"u8, (long)CommitOrRollback);
        fields.Add("fromTransactionCheck"u8, FromTransactionCheck);
        fields.Add("msgId"u8, MessageId);
        fields.Add("transactionId"u8, TransactionId);
        fields.Add("bname"u8, BrokerName);
    }
}
