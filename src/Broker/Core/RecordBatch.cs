using System.Buffers;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Records that were read and not copied: leases of the commit log's mapped segments.</summary>
/// <remarks>Not thread safe; used again and again. Clear it as soon as the bytes went where they go.</remarks>
public sealed class RecordBatch : IDisposable
{
    private RecordLease[] _leases = new RecordLease[32];
    private long[] _queueOffsets = new long[32];
    private readonly SegmentHold _hold = new();

    /// <summary>How many records it holds.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they have.</summary>
    public int Bytes { get; private set; }

    /// <summary>The bytes of a record.</summary>
    public ReadOnlySpan<byte> this[int index] => _leases[index].Span;

    /// <summary>The queue offset of a record.</summary>
    public long QueueOffset(int index) => _queueOffsets[index];

    /// <summary>Copies all records, one after the other: the body of a pull's answer.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        for (int i = 0; i < Count; i++)
        {
            output.Write(_leases[i].Span);
        }
    }

    /// <summary>Hands all records over to another batch, behind its own.</summary>
    internal void MoveTo(RecordBatch other)
    {
        for (int i = 0; i < Count; i++)
        {
            other.Add(_leases[i], _queueOffsets[i]);
            _leases[i] = default;
        }

        _hold.MoveTo(other._hold);
        Count = 0;
        Bytes = 0;
    }

    /// <summary>Lets the records go.</summary>
    public void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            _leases[i].Dispose();
            _leases[i] = default;
        }

        _hold.Release();
        Count = 0;
        Bytes = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>Keeps the segments of leases that keep none themselves.</summary>
    internal SegmentHold Hold => _hold;

    internal void Add(RecordLease lease, long queueOffset)
    {
        if (Count == _leases.Length)
        {
            Array.Resize(ref _leases, Count * 2);
            Array.Resize(ref _queueOffsets, Count * 2);
        }

        _leases[Count] = lease;
        _queueOffsets[Count++] = queueOffset;
        Bytes += lease.Memory.Length;
    }
}
