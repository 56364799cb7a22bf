using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>A topic of which the latest record of each key is kept, whatever retention deletes. Thread-safe.</summary>
public sealed class CompactedTopic
{
    private readonly CompactionContext _context;
    private readonly Lock _lock = new();
    private CompactedQueue?[] _queues = [];

    internal CompactedTopic(CompactionContext context, string name)
    {
        _context = context;
        Name = name;
        Utf8 = Encoding.UTF8.GetBytes(name);
        Directory = Path.Combine(context.Directory, name);
    }

    /// <summary>The topic.</summary>
    public string Name { get; }

    /// <summary>Keys that have a value, in all queues.</summary>
    public long Keys => Queues.Sum(queue => queue.Keys);

    /// <summary>Whether it has as many keys as it may: who appends should refuse new ones.</summary>
    public bool IsFull => Keys >= _context.Options.MaxKeysPerTopic;

    internal byte[] Utf8 { get; }

    /// <summary><c>compaction/TOPIC</c>.</summary>
    internal string Directory { get; }

    internal IEnumerable<CompactedQueue> Queues => Volatile.Read(ref _queues).OfType<CompactedQueue>();

    /// <summary>A queue of the topic; false when it never had a record.</summary>
    public bool TryGetQueue(int queueId, [NotNullWhen(true)] out CompactedQueue? queue)
    {
        var queues = Volatile.Read(ref _queues);
        queue = (uint)queueId < (uint)queues.Length ? Volatile.Read(ref queues[queueId]) : null;
        return queue is not null;
    }

    /// <summary>A queue of the topic, made where it does not exist.</summary>
    internal CompactedQueue GetOrAdd(int queueId)
    {
        if (TryGetQueue(queueId, out var queue))
            return queue;
        lock (_lock)
        {
            if (TryGetQueue(queueId, out queue))
                return queue;
            var directory = Path.Combine(Directory, queueId.ToString(CultureInfo.InvariantCulture));
            queue = new CompactedQueue(_context, _context.Queues.Restore(Utf8, queueId), directory);
            queue.Queue.IsCompacted = true;
            var queues = _queues;
            if (queueId >= queues.Length)
                Array.Resize(ref queues, queueId + 1);
            Volatile.Write(ref queues[queueId], queue);
            Volatile.Write(ref _queues, queues);
            return queue;
        }
    }
}
