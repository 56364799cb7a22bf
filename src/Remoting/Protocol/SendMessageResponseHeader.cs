using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a send.</summary>
public readonly record struct SendMessageResponseHeader : IHeaderWriter, IHeaderReader<SendMessageResponseHeader>
{
    /// <summary>Where the message lies: address and commit log offset in hex; several, comma-separated, for a batch.</summary>
    public required HeaderText MessageId { get; init; }

    /// <summary>The queue it was appended to.</summary>
    public required int QueueId { get; init; }

    /// <summary>Its place in that queue.</summary>
    public required long QueueOffset { get; init; }

    /// <summary>The id the client gave (its UNIQ_KEY).</summary>
    public HeaderText TransactionId { get; init; }

    /// <summary>The id of a batch as a whole.</summary>
    public HeaderText BatchUniqueId { get; init; }

    /// <summary>How a timed message can be called back.</summary>
    public HeaderText RecallHandle { get; init; }

    /// <summary>The region the broker is in.</summary>
    public HeaderText RegionId { get; init; }

    /// <summary>"true" when the broker wants traces.</summary>
    public HeaderText TraceOn { get; init; }

    /// <inheritdoc/>
    public static SendMessageResponseHeader Read(HeaderFields fields) => new()
    {
        MessageId = fields.GetText("msgId"u8),
        QueueId = fields.GetInt32("queueId"u8),
        QueueOffset = fields.GetInt64("queueOffset"u8),
        TransactionId = fields.GetTextOrAbsent("transactionId"u8),
        BatchUniqueId = fields.GetTextOrAbsent("batchUniqId"u8),
        RecallHandle = fields.GetTextOrAbsent("recallHandle"u8),
        RegionId = fields.GetTextOrAbsent("MSG_REGION"u8),
        TraceOn = fields.GetTextOrAbsent("TRACE_ON"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.TableCapacity = JavaHashMapOrder.AddedFieldsCapacity;
        fields.BeginFastPart();
        fields.Add("msgId"u8, MessageId);
        fields.Add("queueId"u8, QueueId);
        fields.Add("queueOffset"u8, QueueOffset);
        fields.Add("transactionId"u8, TransactionId);
        fields.Add("batchUniqId"u8, BatchUniqueId);
        fields.Add("recallHandle"u8, RecallHandle);
        fields.EndFastPart();
        fields.Add("MSG_REGION"u8, RegionId);
        fields.Add("TRACE_ON"u8, TraceOn);
    }
}
