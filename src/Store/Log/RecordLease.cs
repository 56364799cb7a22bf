using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// A record in mapped memory. The segment stays mapped until the lease is disposed, so dispose it as soon as the bytes
/// were copied to where they go; exactly once. A value: copying it copies no bytes.
/// </summary>
public readonly struct RecordLease : IDisposable
{
    private readonly LogSegment? _segment;

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

    /// <summary>Whether there is a record.</summary>
    public bool IsEmpty => Memory.IsEmpty;

    /// <summary>The record's bytes.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>The record's bytes.</summary>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <summary>Cuts the record; false when its bytes are damaged.</summary>
    public bool TryRead(out MessageRecord record) => MessageRecord.TryRead(Span, out record) == RecordError.None;

    /// <summary>Lets the segment go.</summary>
    public void Dispose() => _segment?.Release();
}
