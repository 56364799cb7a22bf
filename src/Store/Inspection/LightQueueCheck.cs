using System.Globalization;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>
/// Reads the light queues: the catalogue, the head of each queue, and the blocks that lead from its head to its first
/// entry. Heads and blocks of a store that was not closed may be newer than each other: a start puts that right.
/// </summary>
internal sealed class LightQueueCheck(StoreFiles store, FindingList findings, bool isPending)
{
    private const string Rebuild = "Start the broker with --rebuild: light queues are made again from the log.";
    private static readonly string CataloguePath = Path.Combine("lightqueues", "catalogue");

    private readonly SortedDictionary<int, LightQueueId> _queues = [];
    private readonly Dictionary<int, IRandomFile> _open = [];
    private LightQueueMeta _meta;

    /// <summary>Light queues.</summary>
    public long Queues => _queues.Count;

    /// <summary>Entries of them that were read.</summary>
    public long Entries { get; private set; }

    public void Run(long logEnd)
    {
        if (!store.Files.FileExists(store.PathOf(CataloguePath)))
            return;
        using var heads = new LightQueueHeads(store.Files, store.PathOf("lightqueues"));

        // First what says how long the catalogue was: in a store that is open the catalogue only becomes longer.
        var hasMeta = heads.TryReadMeta(isClean: true, out _meta);
        var end = ReadCatalogue();
        if (end < 0 || !IsMetaTrue(hasMeta, end))
            return;
        heads.Load(_queues.Count == 0 ? 0 : _queues.Keys.Max(), isClean: true);
        try
        {
            foreach (var queue in _queues.Values)
                CheckQueue(heads, queue, logEnd);
        }
        finally
        {
            foreach (var file in _open.Values)
                file.Dispose();
        }
    }

    /// <summary>Takes the queues that exist; gives the end of the records, -1 when the file is no catalogue.</summary>
    private long ReadCatalogue()
    {
        using var window = new FileWindow(store.Files.OpenRead(store.PathOf(CataloguePath)));
        if (!window.At(0, LightQueueCatalogue.HeadSize).StartsWith("PBMQLC"u8))
        {
            findings.Add(new Finding(FindingSeverity.Damage, "light-catalogue", CataloguePath, 0, "It is not a catalogue of light queues.", "Restore it from a copy: without it the broker does not start."));
            return -1;
        }

        var at = (long)LightQueueCatalogue.HeadSize;
        while (CatalogueRecord.TryRead(window.At(at, CatalogueRecord.HeadSize + CatalogueRecord.MaxName + 8), out var record))
        {
            if (record.IsDelete)
                _queues.Remove(record.Queue.Slot);
            else
                _queues[record.Queue.Slot] = record.Queue;
            at += record.Size;
        }

        if (window.Length > at)
            findings.Add(new Finding(FindingSeverity.Repairable, "light-catalogue-torn", CataloguePath, at, $"{window.Length - at} bytes at its end are no record.", "The next start cuts them off; nobody was told of such a queue."));
        return at;
    }

    private bool IsMetaTrue(bool hasMeta, long catalogueEnd)
    {
        var path = Path.Combine("lightqueues", "heads", "00000000");
        if (!hasMeta)
        {
            if (_queues.Count > 0 && !isPending)
                findings.Add(new Finding(FindingSeverity.Repairable, "light-meta", path, 0, "What is known of all light queues is missing or damaged.", "The next start makes the light queues again from the log."));
            return false;
        }

        if (_meta.CatalogueLength > catalogueEnd)
            findings.Add(new Finding(FindingSeverity.Damage, "light-catalogue-short", CataloguePath, catalogueEnd, $"It ends here and was {_meta.CatalogueLength} bytes long.", "Restore it from a copy: without it the broker does not start."));
        return true;
    }

    private void CheckQueue(LightQueueHeads heads, LightQueueId queue, long logEnd)
    {
        var path = Path.Combine("lightqueues", "heads", (queue.Slot / LightQueueHeads.SlotsPerFile).ToString("D8", CultureInfo.InvariantCulture));
        if (!heads.TryRead(queue.Slot, out var head) || head.Incarnation != queue.Incarnation)
        {
            if (!isPending)
                findings.Add(new Finding(FindingSeverity.Repairable, "light-head", path, queue.Slot % LightQueueHeads.SlotsPerFile * LightQueueHead.Size, $"The head of light queue {queue.Slot} is missing or damaged.", "The next start makes the queue again from the log."));
            return;
        }

        if (head.Last == 0)
            return;
        Span<byte> block = stackalloc byte[LightQueueBlock.Size];
        var at = head.Last;
        var after = logEnd;
        for (var baseOffset = LightQueueBlock.BaseOf(head.Max - 1); ; baseOffset -= LightQueueBlock.Entries)
        {
            var (name, position) = Place(at);
            if (at <= 0 || at >= _meta.Blocks || !TryRead(at, block) || !LightQueueBlock.Is(block, queue, baseOffset))
            {
                Report("light-block", name, position, $"It is not the block of light queue {queue.Slot} that has its offset {baseOffset}.");
                return;
            }

            for (var offset = Math.Min(head.Max, baseOffset + LightQueueBlock.Entries) - 1; offset >= Math.Max(baseOffset, head.MinOrStart); offset--)
            {
                var entry = QueueEntry.Read(LightQueueBlock.EntryAt(block, offset));
                Entries++;
                if (entry.PhysicalOffset < 0 || entry.Size <= 0 || entry.PhysicalOffset > after - entry.Size)
                {
                    Report("light-entry", name, position, $"Offset {offset} of light queue {queue.Slot} says {entry.Size} bytes at {entry.PhysicalOffset}, and what follows is at {after}.");
                    return;
                }

                after = entry.PhysicalOffset;
            }

            if (at == head.First || baseOffset <= head.MinOrStart)
                return;
            at = LightQueueBlock.Previous(block);
        }
    }

    private void Report(string kind, string file, long position, string detail) =>
        findings.Add(new Finding(isPending ? FindingSeverity.Repairable : FindingSeverity.Damage, kind, file, position, detail, isPending ? "The next start takes the queue back to what is certain and goes on from there. " + Rebuild : Rebuild));

    private (string File, long Position) Place(int block)
    {
        var perFile = Math.Max(1, _meta.FileSize / LightQueueBlock.Size);
        return (Path.Combine("lightqueues", "blocks", (block / perFile).ToString("D8", CultureInfo.InvariantCulture)), (long)(block % perFile) * LightQueueBlock.Size);
    }

    private bool TryRead(int block, Span<byte> bytes)
    {
        var (name, position) = Place(block);
        var number = block / Math.Max(1, _meta.FileSize / LightQueueBlock.Size);
        if (!_open.TryGetValue(number, out var file))
        {
            if (!store.Files.FileExists(store.PathOf(name)))
                return false;
            _open.Add(number, file = store.Files.OpenRead(store.PathOf(name)));
        }

        return file.Read(bytes, position) == bytes.Length;
    }
}
