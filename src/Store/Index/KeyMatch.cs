using System.Text;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>Tells whether the record at an offset is one that a query asks for: two keys may have one hash.</summary>
internal sealed class KeyMatch
{
    private readonly MessageStore _store;
    private readonly KeyQuery _query;
    private readonly byte[] _topic;
    private readonly byte[] _key;

    public KeyMatch(MessageStore store, in KeyQuery query)
    {
        _store = store;
        _query = query;
        _topic = Encoding.UTF8.GetBytes(query.Topic);
        _key = Encoding.UTF8.GetBytes(query.Key);
    }

    public bool IsMatch(long offset)
    {
        using var lease = _store.ReadRecord(offset);
        if (lease.IsEmpty || !lease.TryRead(out var record))
            return false;
        return record.StoreTimestamp >= _query.Begin
            && record.StoreTimestamp <= _query.End
            && record.Topic.SequenceEqual(_topic)
            && RecordKeys.Counts(record)
            && HasKey(RecordKeys.Of(record));
    }

    private bool HasKey(RecordKeys keys)
    {
        if (_key.Length == 0)
            return false;
        if (keys.Unique.SequenceEqual(_key))
            return true;
        if (_query.UniqueOnly)
            return false;
        while (keys.MoveNext())
        {
            if (keys.Current.SequenceEqual(_key))
                return true;
        }

        return false;
    }
}
