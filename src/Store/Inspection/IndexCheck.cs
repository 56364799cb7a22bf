using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Index;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>
/// Holds the key index against the records: its entries are in the order of the log, so one walk meets both. An entry that
/// comes again later (made twice around a crash) is looked up.
/// </summary>
internal sealed class IndexCheck : IDisposable
{
    private const string Rebuild = "Start the broker with --rebuild: the key index is made again from the log.";

    private readonly StoreFiles _store;
    private readonly IndexReader _index;
    private readonly FindingList _findings;
    private readonly Func<long, long, bool> _isPending;
    private readonly RecordFetch _fetch;
    private readonly IEnumerator<IndexItem> _entries;
    private readonly List<int> _wanted = [];
    private readonly long _first;
    private bool _hasEntry;
    private long _missingAtEnd;
    private long _firstMissing;

    public IndexCheck(StoreFiles store, FindingList findings, Func<long, long, bool> isPending)
    {
        _store = store;
        _findings = findings;
        _isPending = isPending;
        _index = store.Index();
        _fetch = new RecordFetch(store);
        _first = _index.Files.Where(file => file.IsSound && file.Count > 1).Select(file => file.BeginOffset).DefaultIfEmpty(long.MaxValue).First();
        _entries = _index.Files.SelectMany(_index.Entries).GetEnumerator();
        _hasEntry = _entries.MoveNext();
        foreach (var file in _index.Files.Where(file => !file.IsSound))
            findings.Add(new Finding(FindingSeverity.Damage, "index-file", Path.Combine("index", file.Name), 0, "Its head does not agree with its entries or its size.", "Remove the file, or start the broker with --rebuild: it is made again from the log."));
    }

    public int Files => _index.Files.Count;

    public long Entries { get; private set; }

    /// <summary>Takes a sound record.</summary>
    public void Take(in MessageRecord record)
    {
        if (_index.Files.Count == 0 || !RecordKeys.Counts(record))
            return;
        var offset = record.PhysicalOffset;
        while (_hasEntry && _entries.Current.PhysicalOffset < offset)
            CheckAlone();
        if (offset < _first || offset <= _index.DeletedTo)
            return;
        Want(record);
        foreach (var hash in _wanted)
            Meet(hash, record);
    }

    /// <summary>Looks at the entries that no record asked for.</summary>
    public void End(long logEnd)
    {
        while (_hasEntry)
        {
            if (_entries.Current.PhysicalOffset >= logEnd && _store.IsAborted)
                Report(FindingSeverity.Repairable, "index-ahead", _entries.Current, $"It points to {_entries.Current.PhysicalOffset}, behind the end of the log.", "The next start cuts it off.");
            else
            {
                CheckAlone();
                continue;
            }

            Advance();
        }

        if (_missingAtEnd > 0)
        {
            var last = _index.Files[^1];
            _findings.Add(new Finding(FindingSeverity.Damage, "index-short", Path.Combine("index", last.Name), -1, $"It ends before the log does: {_missingAtEnd} keys from offset {_firstMissing} on have no entry.", Rebuild));
        }
    }

    public void Dispose()
    {
        _entries.Dispose();
        _fetch.Dispose();
    }

    private void Want(in MessageRecord record)
    {
        _wanted.Clear();
        var keys = RecordKeys.Of(record);
        var topic = KeyHash.OfTopic(record.Topic);
        if (!keys.Unique.IsEmpty)
            _wanted.Add(KeyHash.Of(topic, keys.Unique));
        while (keys.MoveNext())
            _wanted.Add(KeyHash.Of(topic, keys.Current));
    }

    private void Meet(int hash, in MessageRecord record)
    {
        if (_hasEntry && _entries.Current.PhysicalOffset == record.PhysicalOffset)
        {
            if (_entries.Current.Hash != hash)
                Report(FindingSeverity.Damage, "index-wrong", _entries.Current, $"It has the hash {_entries.Current.Hash}; the record at {record.PhysicalOffset} has a key of {hash}.", Rebuild);
            Advance();
            return;
        }

        if (_isPending(record.PhysicalOffset, record.StoreTimestamp))
            return;
        if (!_hasEntry)
        {
            _firstMissing = _missingAtEnd++ == 0 ? record.PhysicalOffset : _firstMissing;
            return;
        }

        Report(FindingSeverity.Damage, "index-missing", _entries.Current, $"A key of the record at {record.PhysicalOffset} (hash {hash}) has no entry before this one.", Rebuild);
    }

    /// <summary>An entry out of its turn: right when its record has such a key, or is deleted.</summary>
    private void CheckAlone()
    {
        var entry = _entries.Current;
        if (entry.PhysicalOffset >= _store.LogStart)
        {
            var isRight = false;
            if (_fetch.TryRead(entry.PhysicalOffset, out var record))
            {
                Want(record);
                isRight = _wanted.Contains(entry.Hash);
            }

            if (!isRight)
                Report(FindingSeverity.Damage, "index-wrong", entry, $"It points to {entry.PhysicalOffset}, where no record has a key of hash {entry.Hash}.", Rebuild);
        }

        Advance();
    }

    private void Advance()
    {
        Entries++;
        _hasEntry = _entries.MoveNext();
    }

    private void Report(FindingSeverity severity, string kind, in IndexItem entry, string detail, string advice) =>
        _findings.Add(new Finding(severity, kind, Path.Combine("index", entry.File), entry.Position, $"Entry {entry.Index}: {detail}", advice));
}
