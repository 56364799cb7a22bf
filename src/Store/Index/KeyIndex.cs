using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// The key index: hash files in <c>index/</c> by which a message is found by its topic and a key, laid out as Apache
/// RocketMQ does. The head of a file on the disk counts only what is on the disk too, so that a crash leaves nothing to
/// guess: what it does not count is made again from the log.
/// </summary>
internal sealed class KeyIndex : ILogProjection
{
    /// <summary>Records or keys that the staging lists keep room for.</summary>
    private const int KeptStaging = 1 << 16;

    private readonly StoreOptions _options;
    private readonly IFileSystem _fileSystem;
    private readonly string _directory;
    private readonly IndexFileSet _files;
    private readonly List<Repair> _repairs = [];
    private List<StagedRecord> _records = [];
    private List<int> _hashes = [];
    private int _recordsDone;
    private int _hashesDone;
    private long _knownEnd = -1;
    private int _knownKeys;
    private IndexFound? _found;
    private bool _isClean;
    private long _entriesAdded;
    private long _queries;
    private long _queriesRefused;
    private long _queriesCut;
    private long _damagedChains;
    private int _running;

    public KeyIndex(StoreOptions options, IFileSystem files, TimeProvider time)
    {
        _options = options;
        _fileSystem = files;
        _directory = Path.Combine(options.Directory, "index");
        _files = new IndexFileSet(files, _directory, options.MaxMappedIndexFiles, time);
    }

    public IReadOnlyList<Repair> Repairs => _repairs;

    /// <summary>Store time of the last record whose entries are on the disk.</summary>
    public long FlushedTimestamp => _files.FlushedTimestamp;

    /// <summary>
    /// Offsets of the first and the last record whose entries are on the disk, of those that a trim leaves; -1 without.
    /// </summary>
    public (long Begin, long End) FlushedRange(long trimmedTo) => _files.FlushedRange(trimmedTo);

    public int Files => _files.Count;

    public int MappedFiles => _files.Mapped;

    public long EntriesAdded => Volatile.Read(ref _entriesAdded);

    public long Queries => Volatile.Read(ref _queries);

    public long QueriesRefused => Volatile.Read(ref _queriesRefused);

    public long QueriesCut => Volatile.Read(ref _queriesCut);

    public long DamagedChains => Volatile.Read(ref _damagedChains);

    public long Load(in ProjectionStart start)
    {
        _isClean = start.IsClean;
        _found = IndexLoader.Load(_fileSystem, _directory, _options, start);
        _files.Load(_found);
        if (IndexRepairs.Of(_found) is { } repair)
            _repairs.Add(repair);
        if (!_isClean && _files.RepairSlots() is > 0 and var slots)
            _repairs.Add(IndexRepairs.IndexSlotsAhead(slots));
        if (_files.Last is { } last)
        {
            _knownEnd = last.Header.EndOffset;
            _knownKeys = _files.CountAtEnd(_knownEnd);
        }

        return _found.Offset;
    }

    public void Stage(in MessageRecord record)
    {
        var offset = record.PhysicalOffset;
        if (offset < _knownEnd || !RecordKeys.Counts(record))
            return;
        var keys = RecordKeys.Of(record);
        var first = _hashes.Count;
        var topic = KeyHash.OfTopic(record.Topic);
        if (!keys.Unique.IsEmpty)
            _hashes.Add(KeyHash.Of(topic, keys.Unique));
        while (keys.MoveNext())
            _hashes.Add(KeyHash.Of(topic, keys.Current));

        // A crash may have left the last record with some of its entries.
        if (offset == _knownEnd)
            _hashes.RemoveRange(first, Math.Min(_knownKeys, _hashes.Count - first));
        if (_hashes.Count > first)
            _records.Add(new StagedRecord(offset, record.StoreTimestamp, _hashes.Count));
    }

    public void Commit()
    {
        if (_records.Count == 0)
            return;
        lock (_files.Gate)
        {
            for (; _recordsDone < _records.Count; _recordsDone++)
            {
                var record = _records[_recordsDone];
                for (; _hashesDone < record.HashesEnd; _hashesDone++)
                    _files.Put(_hashes[_hashesDone], record.Offset, record.StoreTimestamp);
            }
        }

        Volatile.Write(ref _entriesAdded, _entriesAdded + _hashes.Count);
        _recordsDone = 0;
        _hashesDone = 0;
        _records = Emptied(_records);
        _hashes = Emptied(_hashes);
    }

    public void EndRecovery(long end)
    {
        if (_files.CutAt(end))
            _repairs.Add(IndexRepairs.IndexAheadOfLog(end));
        if (_found!.Doomed.Count > 0)
        {
            // What replaces them is on the disk first.
            _files.Flush();
            _files.Remove(_found.Doomed);
        }

        if (!_isClean && _entriesAdded > 0)
            _repairs.Add(IndexRepairs.MissingIndexTail(_entriesAdded));
        _found = null;
        _knownEnd = -1;
    }

    public void Flush() => _files.Flush();

    public void Trim(long minOffset) => _files.Trim(minOffset);

    /// <summary>Finds messages; <paramref name="isMatch"/> looks whether the record at an offset is one.</summary>
    public KeyQueryResult Find(in KeyQuery query, Func<long, bool> isMatch)
    {
        Interlocked.Increment(ref _queries);
        if (Interlocked.Increment(ref _running) > _options.MaxIndexQueries)
        {
            Interlocked.Decrement(ref _running);
            Interlocked.Increment(ref _queriesRefused);
            return new KeyQueryResult(KeyQueryStatus.Busy, [], 0, 0);
        }

        try
        {
            return Search(query, isMatch);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public void Dispose() => _files.Dispose();

    private KeyQueryResult Search(in KeyQuery query, Func<long, bool> isMatch)
    {
        var hash = KeyHash.Of(KeyHash.OfTopic(Encoding.UTF8.GetBytes(query.Topic)), Encoding.UTF8.GetBytes(query.Key));
        var search = new IndexSearch(hash, Math.Clamp(query.MaxResults, 0, _options.MaxIndexQueryResults), _options.MaxIndexQuerySteps, query.Begin, query.End, isMatch);
        var files = _files.Snapshot();
        foreach (var (file, header) in files)
        {
            if (search.Wants(header) && file.TryHold(out var memory))
            {
                try
                {
                    _files.Used(file);
                    search.Look(file, header, memory.Span);
                }
                finally
                {
                    file.Release();
                }
            }

            if (!search.GoesOnBefore(header))
                break;
        }

        Interlocked.Add(ref _damagedChains, search.DamagedChains);
        if (search.Status == KeyQueryStatus.Cut)
            Interlocked.Increment(ref _queriesCut);
        var newest = files.Length > 0 ? files[0].Header : default;
        return new KeyQueryResult(search.Status, search.Offsets, newest.EndTimestamp, newest.EndOffset);
    }

    /// <summary>A list for the next batch: the same one, unless a batch of many keys made it large.</summary>
    private static List<T> Emptied<T>(List<T> list)
    {
        if (list.Capacity > KeptStaging)
            return [];
        list.Clear();
        return list;
    }

    private readonly record struct StagedRecord(long Offset, long StoreTimestamp, int HashesEnd);
}
