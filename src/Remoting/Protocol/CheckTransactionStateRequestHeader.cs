using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks a producer what became of a transaction (code 39). The body is the half message as a record.</summary>
public readonly record struct CheckTransactionStateRequestHeader : IHeaderWriter, IHeaderReader<CheckTransactionStateRequestHeader>
{
    /// <summary>The topic of half messages; 5.x brokers say it.</summary>
    public string? Topic { get; init; }

    /// <summary>Place of the half message in its queue.</summary>
    public required long TransactionStateTableOffset { get; init; }

    /// <summary>Place of the half message in the commit log.</summary>
    public required long CommitLogOffset { get; init; }

    /// <summary>Unique key of the message.</summary>
    public string? MessageId { get; init; }

    /// <summary>The same.</summary>
    public string? TransactionId { get; init; }

    /// <summary>Id of the half message, made of address and commit log offset.</summary>
    public string? OffsetMessageId { get; init; }

    /// <summary>The broker that asks; 5.x brokers say it.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static CheckTransactionStateRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetStringOrNull("topic"u8),
        TransactionStateTableOffset = fields.GetInt64("tranStateTableOffset"u8),
        CommitLogOffset = fields.GetInt64("commitLogOffset"u8),
        MessageId = fields.GetStringOrNull("msgId"u8),
        TransactionId = fields.GetStringOrNull("transactionId"u8),
        OffsetMessageId = fields.GetStringOrNull("offsetMsgId"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("tranStateTableOffset"u8, TransactionStateTableOffset);
        fields.Add("commitLogOffset"u8, CommitLogOffset);
        fields.Add("msgId"u8, MessageId);
        fields.Add("transactionId"u8, TransactionId);
        fields.Add("offsetMsgId"u8, OffsetMessageId);
        fields.Add("bname"u8, BrokerName);
    }
}
