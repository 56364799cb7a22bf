using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// The keys by which a record is found, in the order in which they get their entries: the unique key, then each of KEYS.
/// A property without a name or a value counts for none, and of two the last one counts, as in a Java map.
/// </summary>
internal ref struct RecordKeys
{
    private ReadOnlySpan<byte> _rest;

    private RecordKeys(ReadOnlySpan<byte> unique, ReadOnlySpan<byte> keys)
    {
        Unique = unique;
        _rest = keys;
    }

    /// <summary>The unique key; empty without.</summary>
    public ReadOnlySpan<byte> Unique { get; }

    /// <summary>The key of KEYS at hand.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    public static RecordKeys Of(in MessageRecord record)
    {
        ReadOnlySpan<byte> unique = default;
        ReadOnlySpan<byte> keys = default;
        var reader = PropertyText.Read(record.Properties);
        while (reader.MoveNext())
        {
            if (reader.Value.IsEmpty)
                continue;
            if (reader.Name.SequenceEqual(SystemProperties.UniqueKey))
                unique = reader.Value;
            else if (reader.Name.SequenceEqual(SystemProperties.Keys))
                keys = reader.Value;
        }

        return new RecordKeys(unique, keys);
    }

    /// <summary>Whether the record gets entries at all: those of rolled back transactions do not.</summary>
    public static bool Counts(in MessageRecord record) =>
        (record.SysFlag & MessageSysFlag.TransactionMask) != MessageSysFlag.TransactionRollback;

    /// <summary>Goes to the next key of KEYS.</summary>
    public bool MoveNext()
    {
        _rest = _rest.TrimStart((byte)' ');
        if (_rest.IsEmpty)
            return false;
        var end = _rest.IndexOf((byte)' ');
        Current = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[end..];
        return true;
    }
}
