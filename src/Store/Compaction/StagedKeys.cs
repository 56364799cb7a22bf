using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>What the key tables need of a batch of records, kept until the batch is committed. The dispatcher's alone.</summary>
internal sealed class StagedKeys
{
    private StagedKey[] _all = new StagedKey[64];
    private byte[] _text = new byte[4096];
    private int _textLength;

    public int Count { get; private set; }

    public ref readonly StagedKey this[int index] => ref _all[index];

    public ReadOnlySpan<byte> KeyOf(in StagedKey staged) => _text.AsSpan(staged.KeyAt, staged.KeyLength);

    public void Add(CompactedTopic topic, in MessageRecord record, KeyHash hash)
    {
        var hasKey = CompactionKey.TryGet(record.Properties, out var key);
        if (Count == _all.Length)
            Array.Resize(ref _all, Count * 2);
        if (key.Length > _text.Length - _textLength)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + key.Length));
        key.CopyTo(_text.AsSpan(_textLength));
        _all[Count++] = new StagedKey
        {
            Topic = topic,
            QueueId = record.QueueId,
            QueueOffset = record.QueueOffset,
            Size = record.Size,
            Hash = hash.Of(key),
            HasKey = hasKey,
            IsTombstone = CompactionKey.IsTombstone(record),
            KeyAt = _textLength,
            KeyLength = key.Length,
        };
        _textLength += key.Length;
    }

    public void Clear()
    {
        Count = 0;
        _textLength = 0;
    }
}

/// <summary>A record of a compacted topic that waits for its queue entry.</summary>
internal struct StagedKey
{
    public CompactedTopic Topic;
    public int QueueId;
    public long QueueOffset;
    public int Size;
    public uint Hash;
    public bool HasKey;
    public bool IsTombstone;
    public int KeyAt;
    public int KeyLength;
}
