using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>Compares queue entries with the records that they are made from, and writes the damaged ones again: the log is what counts.</summary>
internal sealed class QueueEntryCheck
{
    private readonly QueueTable _queues;
    private readonly DamageReports _reports;
    private readonly Counter<long> _mended;

    public QueueEntryCheck(QueueTable queues, DamageReports reports, Meter meter)
    {
        _queues = queues;
        _reports = reports;
        _mended = meter.CreateCounter<long>("protobridge.store.scrub.mended", "{entry}", "Queue entries that the scrub wrote again from the commit log");
    }

    private static ReadOnlySpan<byte> ScheduleTopic => "SCHEDULE_TOPIC_XXXX"u8;

    /// <summary>Checks the entry of a sound record, if it has one.</summary>
    public void Check(in MessageRecord record)
    {
        if (!record.TakesQueueOffset || !_queues.TryGet(record.Topic, record.QueueId, out var queue))
            return;
        var offset = record.QueueOffset;
        if (offset < queue.MinOffset || offset >= queue.MaxOffset || queue.TryReadTail(offset, out _) || !queue.TryReadEntry(offset, out var found))
            return;
        var expected = new QueueEntry(record.PhysicalOffset, record.Size, IsFree(record, found) ? found.TagsCode : TagHash.Of(record.Tags));
        if (found == expected)
            return;
        // Another record of that queue offset may be the one that counts: an entry that leads to one is left as it is.
        if (found.PhysicalOffset != expected.PhysicalOffset && LeadsToItsRecord(queue, offset, found))
            return;
        _reports.Entry(DamageFinder.Scrub, queue, offset, found.PhysicalOffset);
        if (_queues.Files.Overwrite(queue, offset, expected))
            _mended.Add(1);
    }

    private bool LeadsToItsRecord(ConsumeQueue queue, long offset, in QueueEntry entry)
    {
        using var lease = _queues.Log!.Read(entry.PhysicalOffset, entry.Size, long.MaxValue);
        return lease.TryRead(out var record) && CheckedReads.IsOf(record, queue, offset);
    }

    /// <summary>Whether the tag field is something else than a hash: a due time, whose delays may have been other ones, or a place in an extension file.</summary>
    private static bool IsFree(in MessageRecord record, in QueueEntry entry) =>
        record.Topic.SequenceEqual(ScheduleTopic) || entry.TagsCode < -(1L << 62);
}
