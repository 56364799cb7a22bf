using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>Messages of one queue that were read and not handed out yet, in their order.</summary>
/// <remarks>Not thread safe: the group's gate guards it.</remarks>
internal sealed class ReadAhead
{
    private readonly LinkedList<Block> _blocks = new();

    /// <summary>Messages in it.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of their bodies and properties.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes over a batch with at least one message.</summary>
    public void Add(MessageBatch batch)
    {
        var block = new Block(batch);
        _blocks.AddLast(block);
        Count += batch.Count;
        for (int i = 0; i < batch.Count; i++)
        {
            Bytes += SizeOf(batch[i]);
        }
    }

    /// <summary>
    /// Takes the first message for that stream: of a topic it selected, or a retry of a topic that the group is not
    /// subscribed to here, which goes to anybody. It is valid until <paramref name="emptied"/>, which is set with the
    /// last message of a batch, is used again.
    /// </summary>
    public bool TryTake(GroupStream stream, GroupTopics topics, out BridgeMessage message, out MessageBatch? emptied)
    {
        emptied = null;
        for (LinkedListNode<Block>? node = _blocks.First; node is not null; node = node.Next)
        {
            if (!node.Value.TryTake(stream, topics, out message))
            {
                continue;
            }

            Count--;
            Bytes -= SizeOf(message);
            if (node.Value.Left == 0)
            {
                emptied = node.Value.Batch;
                _blocks.Remove(node);
            }

            return true;
        }

        message = default;
        return false;
    }

    /// <summary>Drops everything; the memory goes back to the pool.</summary>
    public void Clear()
    {
        foreach (Block block in _blocks)
        {
            block.Batch.Dispose();
        }

        _blocks.Clear();
        Count = 0;
        Bytes = 0;
    }

    private static long SizeOf(in BridgeMessage message) => message.Body.Length + message.Properties.Text.Length;

    /// <summary>A batch of which some messages are gone; those of the retry topic may go out of order, by topic.</summary>
    private sealed class Block(MessageBatch batch)
    {
        private readonly bool[] _taken = new bool[batch.Count];
        private int _first;

        public MessageBatch Batch => batch;

        public int Left { get; private set; } = batch.Count;

        public bool TryTake(GroupStream stream, GroupTopics topics, out BridgeMessage message)
        {
            for (int i = _first; i < _taken.Length; i++)
            {
                if (_taken[i])
                {
                    continue;
                }

                message = batch[i];
                if (stream.Selection.Contains(message.Topic) || !topics.Contains(message.Topic))
                {
                    _taken[i] = true;
                    Left--;
                    while (_first < _taken.Length && _taken[_first])
                    {
                        _first++;
                    }

                    return true;
                }
            }

            message = default;
            return false;
        }
    }
}
