using System.Buffers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>A half message as its producer is shown it.</summary>
internal static class HalfRecord
{
    /// <summary>The record: under the topic that it is meant for, at the place of its newest copy. Null when it has no such topic.</summary>
    /// <param name="half">A copy of it.</param>
    /// <param name="copy">The newest copy.</param>
    /// <param name="checkTimes">How often is asked by now.</param>
    public static byte[]? ForProducer(in MessageRecord half, in AppendResult copy, int checkTimes)
    {
        if (!HalfProperties.TryTarget(half.Properties, out ReadOnlySpan<byte> topic, out int queueId))
        {
            return null;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            bool fits = HalfProperties.TryRenew(ref writer, half.Properties, checkTimes, firstPlace: null);
            var fields = new MessageRecordFields
            {
                BodyCrc = half.BodyCrc,
                QueueId = queueId,
                Flag = half.Flag,
                QueueOffset = copy.QueueOffset,
                PhysicalOffset = copy.PhysicalOffset,
                SysFlag = half.SysFlag,
                BornTimestamp = half.BornTimestamp,
                BornHost = half.BornHost,
                StoreTimestamp = half.StoreTimestamp,
                StoreHost = half.StoreHost,
                ReconsumeTimes = half.ReconsumeTimes,
                Body = half.Body,
                Topic = topic,
                Properties = fits ? writer.Written : half.Properties,
            };
            byte[] record = new byte[MessageRecordWriter.Size(fields)];
            MessageRecordWriter.Write(record, fields);
            return record;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
