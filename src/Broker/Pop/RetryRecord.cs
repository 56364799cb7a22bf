using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>The record of a message that came back, as its consumer sees it: under its first topic, with its receipt handle.</summary>
internal static class RetryRecord
{
    public static byte[] Write(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> topic, string handle)
    {
        if (MessageRecord.TryRead(stored, out MessageRecord record) != RecordError.None)
        {
            return stored.ToArray();
        }

        Span<byte> properties = stackalloc byte[1024];
        var writer = new PropertyTextWriter(properties);
        if (!PropertyText.TryGet(record.Properties, ReceiptHandle.Property, out _))
        {
            writer.TryAdd("POP_CK", handle);
        }

        var fields = new MessageRecordFields
        {
            BodyCrc = record.BodyCrc,
            QueueId = record.QueueId,
            Flag = record.Flag,
            QueueOffset = record.QueueOffset,
            PhysicalOffset = record.PhysicalOffset,
            SysFlag = record.SysFlag,
            BornTimestamp = record.BornTimestamp,
            BornHost = record.BornHost,
            StoreTimestamp = record.StoreTimestamp,
            StoreHost = record.StoreHost,
            ReconsumeTimes = record.ReconsumeTimes,
            PreparedTransactionOffset = record.PreparedTransactionOffset,
            Body = record.Body,
            Topic = topic,
            Properties = record.Properties,
            MoreProperties = writer.Written,
        };
        byte[] written = new byte[MessageRecordWriter.Size(fields)];
        MessageRecordWriter.Write(written, fields);
        return written;
    }
}
