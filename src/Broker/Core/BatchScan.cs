using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Looks at the messages of a batch body before and after they are appended.</summary>
internal static class BatchScan
{
    /// <summary>Why a batch cannot be taken; null when it can.</summary>
    public static string? Reject(ReadOnlySpan<byte> body, int maxBodySize)
    {
        int count = 0;
        BatchBodyReader reader = BatchBody.Read(body);
        while (reader.MoveNext())
        {
            count++;
            if (reader.Body.Length > maxBodySize)
            {
                return $"a body of the batch is larger than {maxBodySize} bytes";
            }

            PropertyScan scan = PropertyScan.Of(reader.Properties);
            if (scan.Refusal is not null || scan.IsDelayed || scan.IsHalf)
            {
                return scan.Refusal ?? (scan.IsHalf ? "a batch may not have messages of a transaction" : "a batch may not have delayed messages");
            }
        }

        return reader.IsMalformed || count == 0 ? "the batch body is malformed" : null;
    }

    /// <summary>Where each message of an appended batch is in the commit log.</summary>
    public static long[] Offsets(in MessageToStore batch, StoreOptions options, in AppendResult appended)
    {
        var offsets = new long[appended.Count];
        long offset = appended.PhysicalOffset;
        BatchBodyReader reader = BatchBody.Read(batch.Body);
        for (int i = 0; i < offsets.Length && reader.MoveNext(); i++)
        {
            offsets[i] = offset;
            offset += MessageRecordWriter.Size(new MessageRecordFields
            {
                BornHost = batch.BornHost,
                StoreHost = options.StoreHost,
                WithCrc = options.RecordCrc,
                Topic = batch.Topic,
                Body = reader.Body,
                Properties = reader.Properties,
                MoreProperties = batch.Properties,
            });
        }

        return offsets;
    }
}
