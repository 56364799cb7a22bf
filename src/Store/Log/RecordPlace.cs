namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Where a record is in mapped memory, valid as long as the <see cref="SegmentHold"/> it was read with keeps its segment.
/// A value without references: to write one down costs no more than its two words.
/// </summary>
public readonly unsafe struct RecordPlace
{
    private readonly byte* _start;
    private readonly int _size;

    internal RecordPlace(byte* start, int size)
    {
        _start = start;
        _size = size;
    }

    /// <summary>Bytes of the record.</summary>
    public int Size => _size;

    /// <summary>The record's bytes.</summary>
    public ReadOnlySpan<byte> Span => new(_start, _size);

    /// <summary>This place and the one behind it as one, when the other record begins where this one ends.</summary>
    public bool TryJoin(in RecordPlace next, out RecordPlace both)
    {
        both = new(_start, _size + next._size);
        return _start + _size == next._start && _start is not null;
    }
}
