namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>What is to be done about a queue.</summary>
[Flags]
internal enum LightQueueFlags
{
    None = 0,

    /// <summary>Its head differs from that on the disk; its slot is in the list of those.</summary>
    Dirty = 1,

    /// <summary>It is among those that the listeners will be told of.</summary>
    Told = 2,
}

/// <summary>
/// A light queue in memory: 40 bytes. The name is in the catalogue, entries are in the arena; the head that a restart
/// finds is a copy made by the last flush.
/// </summary>
internal struct LightQueueState
{
    /// <summary>First block; 0 without entries.</summary>
    public int First;

    /// <summary>Last block; 0 without entries. A queue whose entries are all trimmed keeps it.</summary>
    public int Last;

    /// <summary>Where the catalogue has its record, in eights of bytes; 0 for no queue.</summary>
    public uint Record;

    /// <summary>Hash of the name.</summary>
    public uint Hash;

    public int Incarnation;

    public LightQueueFlags Flags;

    /// <summary>Offset after the last entry.</summary>
    public long Max;

    private long _minOrStart;

    public readonly bool Exists => Record != 0;

    public readonly long Min => Last == 0 ? Max : _minOrStart;

    /// <summary>Physical offset from which on it takes records, while it has no block; its last entry says so afterwards.</summary>
    public readonly long Start => _minOrStart;

    /// <summary>Offset of the first entry of its last block.</summary>
    public readonly long LastBase => LightQueueBlock.BaseOf(Max - 1);

    /// <summary>Offset of the first entry of its first block.</summary>
    public readonly long FirstBase => Math.Min(LightQueueBlock.BaseOf(_minOrStart), LastBase);

    /// <summary>Blocks it has.</summary>
    public readonly long Blocks => Last == 0 ? 0 : ((LastBase - FirstBase) / LightQueueBlock.Entries) + 1;

    public void SetMin(long offset) => _minOrStart = offset;

    /// <summary>Leaves it without a block.</summary>
    public void Empty(long nextOffset, long start)
    {
        First = Last = 0;
        Max = nextOffset;
        _minOrStart = start;
    }
}
