using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The part of a read that meets records whose segments are gone: the latest of their keys, with holes between them.</summary>
internal static class CompactedReads
{
    /// <summary>Records looked at in one read that finds no match.</summary>
    private const int MostRecordsScanned = 4096;

    private const int RecordsAtOnce = 32;

    /// <summary>Adds what matches from an offset on; where to go on, which is at the files' end when all was looked at.</summary>
    public static long Collect(CompactedQueue queue, long offset, IMessageFilter? filter, int maxMessages, int maxBytes, RecordBatch batch)
    {
        if (offset >= queue.FilesEnd)
        {
            return offset;
        }

        long next = offset;
        var records = new CompactedRecord[RecordsAtOnce];
        int most = PropertyMatch.MostLookedAt(filter, MostRecordsScanned);
        for (int scanned = 0; scanned < most;)
        {
            int count = queue.ReadCompacted(next, records);
            if (count == 0)
            {
                return Math.Max(next, queue.FilesEnd);
            }

            for (int i = 0; i < count; i++)
            {
                ref readonly CompactedRecord record = ref records[i];
                if (filter?.MatchesHash(record.TagsCode) != false)
                {
                    if (batch.Count == maxMessages || (batch.Count > 0 && batch.Bytes + (long)record.Size > maxBytes))
                    {
                        return record.QueueOffset;
                    }

                    RecordLease lease = Read(queue, record);
                    if (!lease.IsEmpty && PropertyMatch.Passes(filter, lease))
                    {
                        batch.Add(lease, record.QueueOffset);
                    }
                }

                next = record.QueueOffset + 1;
            }

            scanned += count;
        }

        return next;
    }

    // Compaction may have put another file in the place of this one; a record that is damaged stays so.
    private static RecordLease Read(CompactedQueue queue, in CompactedRecord record)
    {
        RecordLease lease = record.Read();
        if (!lease.IsEmpty)
        {
            return lease;
        }

        var again = new CompactedRecord[1];
        return queue.ReadCompacted(record.QueueOffset, again) == 1 && again[0].QueueOffset == record.QueueOffset ? again[0].Read() : default;
    }
}
