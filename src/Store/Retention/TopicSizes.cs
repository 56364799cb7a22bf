using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// How many bytes of records the queues of a topic lead to, and where they would have to begin to lead to less. A queue is
/// counted entry by entry once, then what came since; anew when its beginning was moved by somebody else. Retention's thread only.
/// </summary>
internal sealed class TopicSizes
{
    private const int Batch = 256;

    private readonly QueueEntry[] _entries = new QueueEntry[Batch];
    private Dictionary<ConsumeQueue, Counted> _last = [];
    private Dictionary<ConsumeQueue, Counted> _now = [];

    /// <summary>A pass ends: queues that it did not ask for are forgotten.</summary>
    public void EndPass()
    {
        (_last, _now) = (_now, _last);
        _now.Clear();
    }

    /// <summary>
    /// Where the queues of one topic begin when they lead to at most so many bytes, the oldest records gone first, none at or
    /// behind a physical offset that is needed.
    /// </summary>
    public Dictionary<ConsumeQueue, long> Fit(IEnumerable<ConsumeQueue> queues, long bytes, long needed)
    {
        var heads = new List<Head>();
        var total = 0L;
        foreach (var queue in queues)
        {
            var counted = Count(queue);
            total += counted.Bytes;
            heads.Add(new Head(queue, counted));
        }

        Dictionary<ConsumeQueue, long> begins = [];
        var order = new PriorityQueue<Head, long>();
        if (total > bytes)
        {
            foreach (var head in heads)
                Enqueue(order, head);
        }

        while (total > bytes && order.TryDequeue(out var head, out var offset) && offset < needed)
        {
            total -= head.Take();
            begins[head.Queue] = head.Next;
            Enqueue(order, head);
        }

        foreach (var head in heads)
            _now[head.Queue] = head.Rest;
        return begins;
    }

    /// <summary>A queue is about to begin at an offset: what is before is not counted any more.</summary>
    public void Leave(ConsumeQueue queue, long first)
    {
        if (!_last.TryGetValue(queue, out var counted) || counted.Begin != queue.MinOffset || first >= counted.End)
            return;
        var bytes = counted.Bytes;
        for (var at = counted.Begin; at < first;)
        {
            var read = queue.ReadEntries(at, _entries.AsSpan(0, (int)Math.Min(Batch, first - at)));
            if (read == 0)
                return;
            bytes -= SizeOf(_entries.AsSpan(0, read));
            at += read;
        }

        _last[queue] = new Counted(first, counted.End, bytes);
    }

    private static void Enqueue(PriorityQueue<Head, long> order, Head head)
    {
        if (head.TryPeek(out var offset))
            order.Enqueue(head, offset);
    }

    private Counted Count(ConsumeQueue queue)
    {
        var begin = queue.MinOffset;
        var counted = _last.TryGetValue(queue, out var before) && before.Begin == begin ? before : new Counted(begin, begin, 0);
        var end = counted.End;
        var bytes = counted.Bytes;
        while (queue.ReadEntries(end, _entries) is > 0 and var read)
        {
            bytes += SizeOf(_entries.AsSpan(0, read));
            end += read;
        }

        return new Counted(begin, end, bytes);
    }

    private static long SizeOf(ReadOnlySpan<QueueEntry> entries)
    {
        var bytes = 0L;
        foreach (var entry in entries)
            bytes += SizeOf(entry);
        return bytes;
    }

    /// <summary>What cannot be a place of a record leads to nothing.</summary>
    private static long SizeOf(in QueueEntry entry) => entry.IsPlausible ? entry.Size : 0;

    private readonly record struct Counted(long Begin, long End, long Bytes);

    /// <summary>The beginning of a queue, entry by entry.</summary>
    private sealed class Head(ConsumeQueue queue, Counted counted)
    {
        private readonly QueueEntry[] _ahead = new QueueEntry[Batch];
        private int _at;
        private int _count;
        private long _bytes = counted.Bytes;

        public ConsumeQueue Queue => queue;

        /// <summary>The first entry that is left.</summary>
        public long Next { get; private set; } = counted.Begin;

        public Counted Rest => new(Next, counted.End, _bytes);

        /// <summary>The place of the first record that is left; what has none goes before all.</summary>
        public bool TryPeek(out long physicalOffset)
        {
            physicalOffset = -1;
            if (Next >= counted.End)
                return false;
            if (_at == _count)
                (_at, _count) = (0, queue.ReadEntries(Next, _ahead));
            if (_count == 0)
                return false;
            if (_ahead[_at].IsPlausible)
                physicalOffset = _ahead[_at].PhysicalOffset;
            return true;
        }

        /// <summary>Lets the first entry go; gives its bytes.</summary>
        public long Take()
        {
            var size = SizeOf(_ahead[_at++]);
            _bytes -= size;
            Next++;
            return size;
        }
    }
}
