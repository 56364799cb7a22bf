using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>
/// MQTT topic filters by their levels, each with one light queue. Matching a name costs its levels and the filters that
/// begin like it, whatever else is there, and allocates nothing.
/// </summary>
/// <remarks>Not thread safe. Recursion is bounded by the levels of the filters, and these by <see cref="MaxLevels"/>.</remarks>
internal sealed class FilterTree
{
    /// <summary>Levels of a filter, at most.</summary>
    public const int MaxLevels = 1024;

    private readonly Node _root = new();

    /// <summary>Adds a filter, or gives it another queue.</summary>
    public void Add(ReadOnlySpan<byte> filter, LightQueueId queue)
    {
        Node node = _root;
        while (true)
        {
            ReadOnlySpan<byte> level = CutLevel(ref filter, out bool last);
            if (level.SequenceEqual("#"u8))
            {
                node.Rest = queue;
                return;
            }

            node = node.GetOrAdd(level);
            if (last)
            {
                node.Here = queue;
                return;
            }
        }
    }

    /// <summary>Takes a filter away, if it still has that queue.</summary>
    public void Remove(ReadOnlySpan<byte> filter, LightQueueId queue) => Remove(_root, filter, queue);

    /// <summary>Adds the queues of all filters that match a topic name.</summary>
    public void Match(ReadOnlySpan<byte> name, bool wildcards, LightQueueTargets into) => Match(_root, name, into, wildcards);

    private static void Match(Node node, ReadOnlySpan<byte> rest, LightQueueTargets into, bool wildcards)
    {
        if (wildcards)
        {
            Add(node.Rest, into);
        }

        ReadOnlySpan<byte> level = CutLevel(ref rest, out bool last);
        Step(node.Find(level), rest, last, into);
        if (wildcards)
        {
            Step(node.Plus, rest, last, into);
        }
    }

    private static void Step(Node? child, ReadOnlySpan<byte> rest, bool last, LightQueueTargets into)
    {
        if (child is null)
        {
            return;
        }

        if (!last)
        {
            Match(child, rest, into, wildcards: true);
            return;
        }

        Add(child.Here, into);
        // "a/#" matches "a", too.
        Add(child.Rest, into);
    }

    private static void Add(LightQueueId queue, LightQueueTargets into)
    {
        if (!queue.IsNone)
        {
            into.Add(queue);
        }
    }

    private static void Remove(Node node, ReadOnlySpan<byte> filter, LightQueueId queue)
    {
        ReadOnlySpan<byte> level = CutLevel(ref filter, out bool last);
        if (level.SequenceEqual("#"u8))
        {
            node.Rest = node.Rest == queue ? LightQueueId.None : node.Rest;
            return;
        }

        bool isPlus = level.SequenceEqual("+"u8);
        Node? child = isPlus ? node.Plus : node.Find(level);
        if (child is null)
        {
            return;
        }

        if (last)
        {
            child.Here = child.Here == queue ? LightQueueId.None : child.Here;
        }
        else
        {
            Remove(child, filter, queue);
        }

        if (child.IsEmpty)
        {
            node.Remove(level, isPlus);
        }
    }

    private static ReadOnlySpan<byte> CutLevel(ref ReadOnlySpan<byte> rest, out bool last)
    {
        int end = rest.IndexOf((byte)'/');
        last = end < 0;
        ReadOnlySpan<byte> level = last ? rest : rest[..end];
        rest = last ? default : rest[(end + 1)..];
        return level;
    }

    private sealed class Node
    {
        private Dictionary<byte[], Node>? _children;

        public LightQueueId Here { get; set; }

        public LightQueueId Rest { get; set; }

        public Node? Plus { get; private set; }

        public bool IsEmpty => Here.IsNone && Rest.IsNone && Plus is null && _children is null;

        public Node? Find(ReadOnlySpan<byte> level)
            => _children is not null && _children.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out Node? child) ? child : null;

        public Node GetOrAdd(ReadOnlySpan<byte> level)
        {
            if (level.SequenceEqual("+"u8))
            {
                return Plus ??= new Node();
            }

            if (Find(level) is { } found)
            {
                return found;
            }

            var made = new Node();
            (_children ??= new Dictionary<byte[], Node>(Utf8Comparer.Instance)).Add(level.ToArray(), made);
            return made;
        }

        public void Remove(ReadOnlySpan<byte> level, bool isPlus)
        {
            if (isPlus)
            {
                Plus = null;
                return;
            }

            _children?.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(level);
            if (_children?.Count == 0)
            {
                _children = null;
            }
        }
    }
}
