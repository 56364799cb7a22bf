using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>All consume queues, by topic bytes and queue id. A queue that exists costs an object, no file handle.</summary>
internal sealed class QueueTable
{
    private readonly ConcurrentDictionary<byte[], TopicQueues> _topics = new(TopicBytes.Comparer);
    private readonly ConcurrentDictionary<byte[], TopicQueues>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;
    private readonly int _maxQueues;
    private readonly int _maxQueuesPerTopic;
    private int _count;

    public QueueTable(QueueFiles files, QueueTails tails, int maxQueues, int maxQueuesPerTopic, EntryTags? tags = null)
    {
        Tags = tags ?? new EntryTags([]);
        Files = files;
        Tails = tails;
        _maxQueues = maxQueues;
        _maxQueuesPerTopic = maxQueuesPerTopic;
        _byBytes = _topics.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>What entries carry beside the place of their record.</summary>
    public EntryTags Tags { get; }

    public QueueFiles Files { get; }

    /// <summary>What is readable and not in the files yet.</summary>
    public QueueTails Tails { get; }

    /// <summary>The commit log, once recovery has built it.</summary>
    public CommitLog? Log { get; set; }

    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Sum of the ends of all queues, kept in the checkpoint: a start sees by it that queue files are gone. Recovery and
    /// the dispatcher only.
    /// </summary>
    public long Ends { get; set; }

    /// <summary>Sum of where the first files of all queues begin, kept in the checkpoint: a start sees by it that a first file is gone.</summary>
    public long Starts => All.Sum(static queue => Math.Max(0, queue.FirstFile));

    public IEnumerable<ConsumeQueue> All => _topics.Values.SelectMany(topic => topic.All);

    /// <summary>Queues of one topic.</summary>
    public IEnumerable<ConsumeQueue> OfTopic(string topic) =>
        _topics.TryGetValue(Encoding.UTF8.GetBytes(topic), out var queues) ? queues.All : [];

    public bool IsQueueId(int queueId) => queueId >= 0 && queueId < _maxQueuesPerTopic;

    public bool TryGet(ReadOnlySpan<byte> topic, int queueId, [NotNullWhen(true)] out ConsumeQueue? queue)
    {
        queue = null;
        return _byBytes.TryGetValue(topic, out var queues) && queues.TryGet(queueId, out queue);
    }

    /// <summary>The queue, made when it does not exist; null when a limit forbids that.</summary>
    public ConsumeQueue? GetOrAdd(ReadOnlySpan<byte> topic, int queueId)
    {
        if (TryGet(topic, queueId, out var queue))
            return queue;
        return IsQueueId(queueId) && Count < _maxQueues ? Add(topic.ToArray(), queueId) : null;
    }

    /// <summary>The queue, made whatever the limits say: what is on the disk already is served.</summary>
    public ConsumeQueue Restore(ReadOnlySpan<byte> topic, int queueId) =>
        TryGet(topic, queueId, out var queue) ? queue : Add(topic.ToArray(), queueId);

    /// <summary>Makes everything committed before the call durable.</summary>
    public void Flush()
    {
        Tails.WriteAll();
        Files.Flush();
    }

    private ConsumeQueue Add(byte[] topic, int queueId)
    {
        var queues = _topics.GetOrAdd(topic, static bytes => new TopicQueues(bytes));
        return queues.GetOrAdd(this, queueId, ref _count);
    }

    private sealed class TopicQueues
    {
        private readonly byte[] _utf8;
        private readonly string _topic;
        private readonly Lock _lock = new();
        private ConsumeQueue?[] _queues = [];

        public TopicQueues(byte[] utf8)
        {
            _utf8 = utf8;
            _topic = Encoding.UTF8.GetString(utf8);
        }

        public IEnumerable<ConsumeQueue> All => Volatile.Read(ref _queues).OfType<ConsumeQueue>();

        public bool TryGet(int queueId, [NotNullWhen(true)] out ConsumeQueue? queue)
        {
            var queues = Volatile.Read(ref _queues);
            queue = (uint)queueId < (uint)queues.Length ? Volatile.Read(ref queues[queueId]) : null;
            return queue is not null;
        }

        public ConsumeQueue GetOrAdd(QueueTable table, int queueId, ref int count)
        {
            lock (_lock)
            {
                if (TryGet(queueId, out var queue))
                    return queue;
                queue = new ConsumeQueue(table, _topic, _utf8, queueId);
                var queues = _queues;
                if (queueId >= queues.Length)
                    Array.Resize(ref queues, queueId + 1);
                Volatile.Write(ref queues[queueId], queue);
                Volatile.Write(ref _queues, queues);
                Interlocked.Increment(ref count);
                return queue;
            }
        }
    }
}
