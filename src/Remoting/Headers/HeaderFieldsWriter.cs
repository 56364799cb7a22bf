using System.Buffers.Text;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// Collects the fields of one header before they are written, because both the header's length and Java's order of
/// fields are only known when all are there. Reused from frame to frame.
/// </summary>
public sealed class HeaderFieldsWriter
{
    private const int LongestNumber = 20;

    private byte[] _bytes = new byte[1024];
    private int _used;
    private Entry[] _entries = new Entry[32];
    private int _fastCount;
    private bool _inFastPart;

    /// <summary>How many fields were added.</summary>
    public int Count { get; private set; }

    /// <summary>The table size of the Java map that Apache would have used.</summary>
    public int TableCapacity { get; set; } = JavaHashMapOrder.DefaultCapacity;

    /// <summary>Whether the fields stay in the order of adding in both serializations: to repeat a recorded frame.</summary>
    public bool KeepOrder { get; set; }

    /// <summary>
    /// From here to <see cref="EndFastPart"/> the binary form keeps the order of adding: what Apache writes without a
    /// map in between (send and pull). Must come before all other fields.
    /// </summary>
    public void BeginFastPart() => _inFastPart = true;

    /// <summary>Ends the part begun by <see cref="BeginFastPart"/>.</summary>
    public void EndFastPart() => _inFastPart = false;

    /// <summary>Adds a text unless it is absent.</summary>
    public void Add(ReadOnlySpan<byte> name, HeaderText value)
    {
        if (value.IsPresent)
            AddUtf8(name, value.Span);
    }

    /// <summary>Adds a string unless it is null.</summary>
    public void Add(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
            return;
        var start = AddName(name, Encoding.UTF8.GetMaxByteCount(value.Length));
        Complete(name, start, Encoding.UTF8.GetBytes(value, _bytes.AsSpan(start)));
    }

    /// <summary>Adds a number.</summary>
    public void Add(ReadOnlySpan<byte> name, long value)
    {
        var start = AddName(name, LongestNumber);
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(start), out var length);
        Complete(name, start, length);
    }

    /// <summary>Adds a number unless it is null.</summary>
    public void Add(ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
            Add(name, number);
    }

    /// <summary>Adds "true" or "false".</summary>
    public void Add(ReadOnlySpan<byte> name, bool value) => AddUtf8(name, value ? "true"u8 : "false"u8);

    /// <summary>Adds "true" or "false" unless it is null.</summary>
    public void Add(ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } known)
            Add(name, known);
    }

    /// <summary>Adds UTF-8 bytes.</summary>
    public void AddUtf8(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var start = AddName(name, value.Length);
        value.CopyTo(_bytes.AsSpan(start));
        Complete(name, start, value.Length);
    }

    /// <summary>Forgets everything, keeping the buffers.</summary>
    public void Reset()
    {
        _used = 0;
        Count = 0;
        _fastCount = 0;
        _inFastPart = false;
        TableCapacity = JavaHashMapOrder.DefaultCapacity;
        KeepOrder = false;
    }

    /// <summary>Puts the entries into the order of the wire.</summary>
    internal void Sort(bool binary)
    {
        if (KeepOrder)
            return;
        var first = binary ? _fastCount : 0;
        var capacity = JavaHashMapOrder.Capacity(TableCapacity, Count - first);
        var mask = (uint)capacity - 1;
        // Insertion sort: few entries, and it keeps those of one bucket in the order they came.
        for (var index = first + 1; index < Count; index++)
        {
            var entry = _entries[index];
            var bucket = entry.Hash & mask;
            var hole = index;
            while (hole > first && (_entries[hole - 1].Hash & mask) > bucket)
            {
                _entries[hole] = _entries[hole - 1];
                hole--;
            }
            _entries[hole] = entry;
        }
    }

    internal ReadOnlySpan<byte> NameAt(int index) =>
        _bytes.AsSpan(_entries[index].NameStart, _entries[index].ValueStart - _entries[index].NameStart);

    internal ReadOnlySpan<byte> ValueAt(int index) =>
        _bytes.AsSpan(_entries[index].ValueStart, _entries[index].ValueLength);

    private int AddName(ReadOnlySpan<byte> name, int valueCapacity)
    {
        var needed = _used + name.Length + valueCapacity;
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        name.CopyTo(_bytes.AsSpan(_used));
        return _used + name.Length;
    }

    private void Complete(ReadOnlySpan<byte> name, int valueStart, int valueLength)
    {
        if (Count == _entries.Length)
            Array.Resize(ref _entries, _entries.Length * 2);
        _entries[Count++] = new Entry(JavaHashMapOrder.Hash(name), _used, valueStart, valueLength);
        _used = valueStart + valueLength;
        if (_inFastPart)
            _fastCount = Count;
    }

    private readonly record struct Entry(uint Hash, int NameStart, int ValueStart, int ValueLength);
}
