using System.Runtime.CompilerServices;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// What the queues have in memory and not in their files yet. The log has it too, and recovery makes it again from
/// there, so it is written when much of one queue has gathered, when the sum passes its bound (the oldest first), and at
/// every checkpoint: ten thousand queues written in turn cost a write a queue and checkpoint, not one a message.
/// <code>
///  Stage ─► Commit: readable ─► waiting ─► WriteOut: in the page cache ─► QueueFiles.Flush
/// </code>
/// </summary>
internal sealed class QueueTails
{
    /// <summary>Entries of one queue that are worth a write.</summary>
    public const int WriteAt = 256;

    private const int GateCount = 64;
    private const int SmallestBuffer = 16 * QueueEntry.EncodedSize;
    private const int PooledSizes = 4;

    private readonly Lock[] _gates = new Lock[GateCount];
    private readonly Lock _drainLock = new();
    private readonly Lock _waitingLock = new();
    private readonly Queue<ConsumeQueue> _waiting = new();
    private readonly Stack<byte[]>[] _pool = new Stack<byte[]>[PooledSizes];
    private readonly long _maxBytes;
    private long _bytes;

    public QueueTails(long maxBytes)
    {
        _maxBytes = maxBytes;
        for (var i = 0; i < GateCount; i++)
            _gates[i] = new Lock();
        for (var i = 0; i < PooledSizes; i++)
            _pool[i] = new Stack<byte[]>();
    }

    /// <summary>Recovery found the disk full: entries wait in memory, however many they are.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Bytes of memory that entries wait in.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>What guards the tail of a queue.</summary>
    public Lock GateOf(ConsumeQueue queue) => _gates[RuntimeHelpers.GetHashCode(queue) % GateCount];

    /// <summary>A queue that has entries to write; once until <see cref="ConsumeQueue.WriteTail"/>. Its gate is held.</summary>
    public void Add(ConsumeQueue queue)
    {
        lock (_waitingLock)
            _waiting.Enqueue(queue);
    }

    /// <summary>Writes the tails that waited longest until the rest is within the bound.</summary>
    public void Trim()
    {
        while (!IsHeld && Bytes > _maxBytes && TryWriteNext())
        {
        }
    }

    /// <summary>
    /// Writes everything committed before the call. What another thread has in hand is written when it lets the lock go.
    /// </summary>
    public void WriteAll()
    {
        int count;
        lock (_drainLock)
        {
            lock (_waitingLock)
                count = _waiting.Count;
        }

        while (count-- > 0 && TryWriteNext())
        {
        }
    }

    /// <summary>A buffer of at least so many bytes.</summary>
    public byte[] Rent(int size)
    {
        var length = SmallestBuffer;
        var index = 0;
        while (length < size)
        {
            length *= 4;
            index++;
        }

        Interlocked.Add(ref _bytes, length);
        if (index >= PooledSizes)
            return new byte[length];
        lock (_pool[index])
        {
            if (_pool[index].TryPop(out var buffer))
                return buffer;
        }

        return new byte[length];
    }

    public void Return(byte[] buffer)
    {
        Interlocked.Add(ref _bytes, -buffer.Length);
        var index = 0;
        for (var length = SmallestBuffer; length < buffer.Length; length *= 4)
            index++;
        if (index >= PooledSizes)
            return;
        lock (_pool[index])
            _pool[index].Push(buffer);
    }

    private bool TryWriteNext()
    {
        lock (_drainLock)
        {
            ConsumeQueue? queue;
            lock (_waitingLock)
            {
                if (!_waiting.TryDequeue(out queue))
                    return false;
            }

            queue.WriteTail();
            return true;
        }
    }
}
