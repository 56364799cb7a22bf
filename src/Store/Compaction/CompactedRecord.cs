using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>A record that outlived its segment of the commit log, as a consumer that pulls its queue meets it.</summary>
public readonly struct CompactedRecord
{
    private readonly CompactedFile? _file;
    private readonly CompactedEntry _entry;
    private readonly bool _checkContent;

    internal CompactedRecord(CompactedFile file, in CompactedEntry entry, bool checkContent)
    {
        _file = file;
        _entry = entry;
        _checkContent = checkContent;
    }

    /// <summary>Place in the queue.</summary>
    public long QueueOffset => _entry.QueueOffset;

    /// <summary>Bytes of the record.</summary>
    public int Size => _entry.Size;

    /// <summary>Hash of the tag, as in the queue's entry.</summary>
    public long TagsCode => _entry.TagsCode;

    /// <summary>When the broker stored it, Unix milliseconds.</summary>
    public long StoreTimestamp => _entry.StoreTimestamp;

    /// <summary>A copy of the record; empty when its file was replaced meanwhile, or it is damaged.</summary>
    public RecordLease Read()
    {
        var record = _file?.ReadRecord(_entry) is { } bytes ? new RecordLease(bytes) : default;
        return _checkContent && record.TryRead(out var content) && !content.CrcMatches ? default : record;
    }
}
