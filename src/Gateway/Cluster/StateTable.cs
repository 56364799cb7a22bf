using System.Text;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>What the records of the state topic amount to: the latest value of each key, by the order of the log.</summary>
/// <remarks>Thread safe. It computes and waits for nothing.</remarks>
internal sealed class StateTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Space, string Key), Entry> _entries = [];
    private readonly Dictionary<string, List<StateChange>> _watches = new(StringComparer.Ordinal);
    private int _live;

    /// <summary>Keys that have a value.</summary>
    public int Live
    {
        get
        {
            lock (_gate)
            {
                return _live;
            }
        }
    }

    /// <summary>A value written again: it counts only where the key's last record is still the one at this offset.</summary>
    public static ReadOnlySpan<byte> AgainName => "again"u8;

    public byte[]? Find(string space, string key)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault((space, key)).Value;
        }
    }

    public bool Knows(string space, string key)
    {
        lock (_gate)
        {
            return _entries.ContainsKey((space, key));
        }
    }

    public List<KeyValuePair<string, ReadOnlyMemory<byte>>> List(string space)
    {
        lock (_gate)
        {
            return [.. _entries
                .Where(entry => entry.Key.Space == space && entry.Value.Value is not null)
                .Select(entry => KeyValuePair.Create(entry.Key.Key, (ReadOnlyMemory<byte>)entry.Value.Value!))];
        }
    }

    /// <summary>Every value with the offset of its record.</summary>
    public List<(string Space, string Key, byte[] Value, long Offset)> ListAll()
    {
        lock (_gate)
        {
            return [.. _entries
                .Where(entry => entry.Value.Value is not null)
                .Select(entry => (entry.Key.Space, entry.Key.Key, entry.Value.Value!, entry.Value.Offset))];
        }
    }

    /// <summary>Applies one record of the log; false when it is not one of ours.</summary>
    public bool Apply(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body, long offset)
    {
        if (!PropertyText.TryGet(properties, StateProperties.Space, out ReadOnlySpan<byte> space)
            || !PropertyText.TryGet(properties, StateProperties.Key, out ReadOnlySpan<byte> key))
        {
            return false;
        }

        bool gone = PropertyText.TryGet(properties, StateProperties.Gone, out _);
        long? again = PropertyText.TryGet(properties, AgainName, out ReadOnlySpan<byte> text)
            && System.Buffers.Text.Utf8Parser.TryParse(text, out long value, out _) ? value : null;
        Apply(Encoding.UTF8.GetString(space), Encoding.UTF8.GetString(key), gone ? null : body.ToArray(), offset, again);
        return true;
    }

    /// <summary>Applies a record that was stored at that offset.</summary>
    public void Apply(string space, string key, byte[]? value, long offset, long? again = null)
    {
        lock (_gate)
        {
            bool known = _entries.TryGetValue((space, key), out Entry present);
            if (known && (present.Offset >= offset || (again is { } expected && present.Offset != expected)))
            {
                return;
            }

            _live += (value is null ? 0 : 1) - (present.Value is null ? 0 : 1);
            _entries[(space, key)] = new Entry(value, offset);
            if (_watches.TryGetValue(space, out List<StateChange>? watches))
            {
                foreach (StateChange changed in watches)
                {
                    changed(key, Memory(present.Value), Memory(value));
                }
            }
        }
    }

    /// <summary>Shows what there is of a space, and from then on what changes.</summary>
    public IDisposable Watch(string space, StateChange changed)
    {
        lock (_gate)
        {
            foreach (((string owner, string key), Entry entry) in _entries)
            {
                if (owner == space && entry.Value is { } value)
                {
                    changed(key, null, value);
                }
            }

            if (!_watches.TryGetValue(space, out List<StateChange>? watches))
            {
                _watches.Add(space, watches = []);
            }

            watches.Add(changed);
        }

        return new Unwatch(this, space, changed);
    }

    /// <summary>The log is followed up to that offset: nothing older comes any more, so marks of removed keys before it can go.</summary>
    public void ForgetGone(long followed)
    {
        lock (_gate)
        {
            if (_entries.Count == _live)
            {
                return;
            }

            foreach (((string, string) name, Entry entry) in _entries.Where(entry => entry.Value.Value is null).ToArray())
            {
                if (entry.Offset < followed)
                {
                    _entries.Remove(name);
                }
            }
        }
    }

    /// <summary>Said with its type: null by itself would become an empty value.</summary>
    private static ReadOnlyMemory<byte>? Memory(byte[]? value) => value is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(value);

    private void End(string space, StateChange changed)
    {
        lock (_gate)
        {
            _watches[space].Remove(changed);
        }
    }

    private readonly record struct Entry(byte[]? Value, long Offset);

    private sealed class Unwatch(StateTable owner, string space, StateChange changed) : IDisposable
    {
        public void Dispose() => owner.End(space, changed);
    }
}
