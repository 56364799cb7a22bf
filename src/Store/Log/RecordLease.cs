using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// A record in mapped memory. The segment stays mapped until the lease is disposed, so dispose it as soon as the bytes
/// were copied to where they go; exactly once. A value: copying it copies no bytes.
/// </summary>
public readonly unsafe struct RecordLease : IDisposable
{
    private readonly LogSegment? _segment;
    private readonly byte* _start;

    internal RecordLease(LogSegment segment, ReadOnlyMemory<byte> memory)
    {
        _segment = segment;
        Memory = memory;
    }

    /// <summary>A record that was copied, or whose segment somebody else keeps: there is none to let go.</summary>
    internal RecordLease(ReadOnlyMemory<byte> memory)
    {
        _segment = null;
        Memory = memory;
    }

    /// <summary>As above, with where it is: asking <see cref="Memory"/> takes longer than looking at a small record.</summary>
    internal RecordLease(ReadOnlyMemory<byte> memory, byte* start)
    {
        _segment = null;
        _start = start;
        Memory = memory;
    }

    /// <summary>Whether there is a record.</summary>
    public bool IsEmpty => Memory.IsEmpty;

    /// <summary>The record's bytes.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>The record's bytes.</summary>
    public ReadOnlySpan<byte> Span => _start is null ? Memory.Span : new(_start, Memory.Length);

    /// <summary>Cuts the record; false when its bytes are damaged.</summary>
    public bool TryRead(out MessageRecord record) => MessageRecord.TryRead(Span, out record) == RecordError.None;

    /// <summary>Lets the segment go.</summary>
    public void Dispose() => _segment?.Release();
}
