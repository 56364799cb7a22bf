using System.Buffers;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// Records that were read and not copied: where they are in the commit log's mapped segments, and leases of those that had
/// to be looked for one by one.
/// </summary>
/// <remarks>Not thread safe; used again and again. Clear it as soon as the bytes went where they go.</remarks>
public sealed class RecordBatch : IDisposable
{
    private const int Smallest = 32;

    private readonly SegmentHold _hold = new();
    private RecordPlace[] _places = new RecordPlace[Smallest];
    private long[] _queueOffsets = new long[Smallest];

    /// <summary>Of records without a place, as many as <see cref="_leased"/> says at most.</summary>
    private RecordLease[] _leases = [];
    private int _leased;

    /// <summary>How many records it holds.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they have.</summary>
    public int Bytes { get; private set; }

    /// <summary>The bytes of a record.</summary>
    public ReadOnlySpan<byte> this[int index] => _places[index].Size > 0 ? _places[index].Span : _leases[index].Span;

    /// <summary>The queue offset of a record.</summary>
    public long QueueOffset(int index) => _queueOffsets[index];

    /// <summary>Copies all records, one after the other: the body of a pull's answer. Those that follow one another in the log go together.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        for (int i = 0; i < Count;)
        {
            RecordPlace place = _places[i];
            if (place.Size == 0)
            {
                output.Write(_leases[i++].Span);
                continue;
            }

            for (i++; i < Count && place.TryJoin(_places[i], out RecordPlace both); i++)
            {
                place = both;
            }

            output.Write(place.Span);
        }
    }

    /// <summary>Hands all records over to another batch, behind its own.</summary>
    internal void MoveTo(RecordBatch other)
    {
        other.MakeRoom(Count);
        for (int i = 0; i < Count; i++)
        {
            if (_places[i].Size > 0)
            {
                other.Add(_places[i], _queueOffsets[i]);
            }
            else
            {
                other.Add(_leases[i], _queueOffsets[i]);
                _leases[i] = default;
            }
        }

        _hold.MoveTo(other._hold);
        Clear();
    }

    /// <summary>Lets the records go.</summary>
    public void Clear()
    {
        for (int i = 0; i < _leased; i++)
        {
            _leases[i].Dispose();
            _leases[i] = default;
        }

        _hold.Release();
        _leased = 0;
        Count = 0;
        Bytes = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>Keeps the segments of what is here without a lease of its own.</summary>
    internal SegmentHold Hold => _hold;

    /// <summary>
    /// Adds the records of entries that follow one another, those that pass the filter; how many entries that was. The
    /// others are to be read by themselves, one at least.
    /// </summary>
    internal int Add(MessageStore store, ConsumeQueue queue, long queueOffset, ReadOnlySpan<QueueEntry> entries, IMessageFilter? filter)
    {
        MakeRoom(entries.Length);
        Span<RecordPlace> places = _places.AsSpan(Count, entries.Length);
        int read = store.ReadRecords(queue, queueOffset, entries, _hold, places);
        for (int i = 0; i < read; i++)
        {
            // What was left out makes room for those behind it: none is written over before it was looked at.
            if (PropertyMatch.Passes(filter, places[i].Span))
            {
                Add(places[i], queueOffset + i);
            }
        }

        return read;
    }

    internal void Add(RecordLease lease, long queueOffset)
    {
        MakeRoom(1);
        if (_leases.Length < _places.Length)
        {
            Array.Resize(ref _leases, _places.Length);
        }

        _leases[Count] = lease;
        _leased = Count + 1;
        Bytes += lease.Memory.Length;
        _places[Count] = default;
        _queueOffsets[Count++] = queueOffset;
    }

    private void Add(in RecordPlace place, long queueOffset)
    {
        Bytes += place.Size;
        _places[Count] = place;
        _queueOffsets[Count++] = queueOffset;
    }

    private void MakeRoom(int records)
    {
        if (Count + records > _places.Length)
        {
            int length = Math.Max(_places.Length * 2, Count + records);
            Array.Resize(ref _places, length);
            Array.Resize(ref _queueOffsets, length);
        }
    }
}
