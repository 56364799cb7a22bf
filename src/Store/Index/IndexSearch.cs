using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// One query: walks the chain of the key's slot in each file, from the newest entry of the newest file on. A chain leads
/// to smaller and smaller indexes; one that does not is damaged and ends there.
/// </summary>
internal sealed class IndexSearch
{
    private readonly int _hash;
    private readonly int _maxResults;
    private readonly long _begin;
    private readonly long _end;
    private readonly Func<long, bool> _isMatch;
    private readonly List<long> _offsets = [];
    private int _stepsLeft;
    private long _lastSeen = -1;

    /// <summary>A query; <paramref name="isMatch"/> looks at the record at an offset.</summary>
    public IndexSearch(int hash, int maxResults, int maxSteps, long begin, long end, Func<long, bool> isMatch)
    {
        _hash = hash;
        _maxResults = maxResults;
        _stepsLeft = maxSteps;
        _begin = begin;
        _end = end;
        _isMatch = isMatch;
    }

    /// <summary>What was found so far, newest first.</summary>
    public IReadOnlyList<long> Offsets => _offsets;

    /// <summary>Chains that were damaged.</summary>
    public int DamagedChains { get; private set; }

    public KeyQueryStatus Status
    {
        get
        {
            if (_offsets.Count >= _maxResults)
                return KeyQueryStatus.Full;
            if (_stepsLeft <= 0)
                return KeyQueryStatus.Cut;
            return DamagedChains > 0 ? KeyQueryStatus.Damaged : KeyQueryStatus.Complete;
        }
    }

    /// <summary>Whether a file may have messages of the wanted time.</summary>
    public bool Wants(in IndexHeader header) => !header.IsEmpty && _begin <= header.EndTimestamp && _end >= header.BeginTimestamp;

    /// <summary>Whether older files may have messages of the wanted time.</summary>
    public bool GoesOnBefore(in IndexHeader header) => header.BeginTimestamp >= _begin && _offsets.Count < _maxResults && _stepsLeft > 0;

    /// <summary>Looks through a file.</summary>
    public void Look(IndexFile file, in IndexHeader header, ReadOnlySpan<byte> bytes)
    {
        var index = BinaryPrimitives.ReverseEndianness(Volatile.Read(ref Unsafe.As<byte, int>(ref Unsafe.AsRef(in bytes[file.Layout.SlotAt(_hash)]))));
        if (index == 0)
            return;

        // After the slot: the writer publishes the count first.
        if (index < 0 || index >= file.Count)
        {
            DamagedChains++;
            return;
        }

        while (_offsets.Count < _maxResults && _stepsLeft-- > 0)
        {
            var entry = IndexEntry.Read(bytes[file.Layout.EntryAt(index)..]);
            if (entry.Seconds < 0 || entry.Previous < 0 || entry.Previous >= index)
            {
                Take(entry, header, index);
                DamagedChains++;
                return;
            }

            if (!Take(entry, header, index) || entry.Previous == 0)
                return;
            index = entry.Previous;
        }
    }

    /// <summary>Takes an entry when it matches; false when all before it are too old.</summary>
    private bool Take(in IndexEntry entry, in IndexHeader header, int index)
    {
        // Whole seconds, rounded down. The first entry counts from another file's begin, see IndexFile.
        var time = index == 1 ? header.BeginTimestamp : header.BeginTimestamp + (entry.Seconds * 1000L);
        if (time + 999 < _begin)
            return false;

        // A key that is in a record twice has two entries.
        if (entry.Hash == _hash && time <= _end && entry.Offset != _lastSeen)
        {
            _lastSeen = entry.Offset;
            if (_isMatch(entry.Offset))
                _offsets.Add(entry.Offset);
        }

        return true;
    }
}
