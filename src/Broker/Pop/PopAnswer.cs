using System.Buffers;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>What a pop gives: records as leases of the log, and the infos that receipt handles are made of.</summary>
/// <remarks>Not thread safe; used again and again. Clear it as soon as the bytes went where they go.</remarks>
public sealed class PopAnswer : IDisposable
{
    private readonly RecordBatch _records = new();
    private readonly List<(int At, byte[] Record)> _written = [];

    /// <summary>How many messages.</summary>
    public int Count => _records.Count;

    /// <summary>How many bytes they have.</summary>
    public int Bytes { get; private set; }

    /// <summary>Once the log is durable up to here its messages stay invisible whatever happens: who hands them out waits for it.</summary>
    public WrittenOffset AccountEnd { get; internal set; }

    /// <summary>Messages that are left in the queues that were looked at.</summary>
    public long Rest { get; internal set; }

    /// <summary>When they were popped, Unix milliseconds.</summary>
    public long PopTime { get; internal set; }

    /// <summary>Where their account is kept.</summary>
    public int ReviveQueueId { get; internal set; }

    /// <summary>By queue: where the read began.</summary>
    public InfoText StartOffsets { get; } = new();

    /// <summary>By queue: the offsets of the messages.</summary>
    public InfoText MessageOffsets { get; } = new();

    /// <summary>Of messages in order: how often they were given before.</summary>
    public InfoText OrderCounts { get; } = new();

    /// <summary>The bytes of a message's record.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            foreach ((int at, byte[] record) in _written)
            {
                if (at == index)
                {
                    return record;
                }
            }

            return _records[index];
        }
    }

    /// <summary>Copies all records, one after the other.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        for (int i = 0; i < Count; i++)
        {
            output.Write(this[i]);
        }
    }

    /// <summary>Lets the records go.</summary>
    public void Clear()
    {
        _records.Clear();
        _written.Clear();
        StartOffsets.Clear();
        MessageOffsets.Clear();
        OrderCounts.Clear();
        Bytes = 0;
        Rest = 0;
        AccountEnd = default;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>Takes all records of a read over.</summary>
    internal void Take(RecordBatch read)
    {
        Bytes += read.Bytes;
        read.MoveTo(_records);
    }

    /// <summary>Takes one record in another form; the lease is taken over.</summary>
    internal void TakeWritten(RecordBatch read, Func<ReadOnlySpan<byte>, long, byte[]> write)
    {
        for (int i = 0; i < read.Count; i++)
        {
            byte[] record = write(read[i], read.QueueOffset(i));
            _written.Add((Count + i, record));
            Bytes += record.Length;
        }

        read.MoveTo(_records);
    }
}
