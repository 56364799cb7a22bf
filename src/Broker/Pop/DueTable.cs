namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// What is due when: lists for stretches of 128 ms, so that adding and taking back cost nothing that grows, whatever is in it.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class DueTable
{
    private const int SlotShift = 7;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Slot> _slots = [];
    private readonly PriorityQueue<Slot, long> _order = new();

    /// <summary>Adds a node that is in no table.</summary>
    public void Add(DueNode node, long due)
    {
        lock (_lock)
        {
            node.Due = due;
            long at = due >> SlotShift;
            if (!_slots.TryGetValue(at, out Slot? slot))
            {
                slot = new Slot(at);
                _slots.Add(at, slot);
                _order.Enqueue(slot, at);
            }

            slot.Add(node);
        }
    }

    /// <summary>Takes a node back; false when it is not here (any more).</summary>
    public bool Remove(DueNode node)
    {
        lock (_lock)
        {
            if (node.Home is not { } slot)
            {
                return false;
            }

            slot.Remove(node);
            return true;
        }
    }

    /// <summary>Takes what is due by now, at most so many.</summary>
    public void TakeDue(long now, int most, List<DueNode> taken)
    {
        lock (_lock)
        {
            while (taken.Count < most && _order.TryPeek(out Slot? slot, out long at) && at <= now >> SlotShift)
            {
                DueNode? next;
                for (DueNode? node = slot.First; node is not null && taken.Count < most; node = next)
                {
                    next = node.NextDue;
                    if (node.Due <= now)
                    {
                        slot.Remove(node);
                        taken.Add(node);
                    }
                }

                if (slot.First is not null)
                {
                    return;
                }

                _order.Dequeue();
                _slots.Remove(at);
            }
        }
    }

    /// <summary>The nodes of one stretch of time.</summary>
    internal sealed class Slot(long at)
    {
        public long At => at;

        public DueNode? First { get; private set; }

        public void Add(DueNode node)
        {
            node.Home = this;
            node.PreviousDue = null;
            node.NextDue = First;
            First?.PreviousDue = node;
            First = node;
        }

        public void Remove(DueNode node)
        {
            if (node.PreviousDue is null)
            {
                First = node.NextDue;
            }
            else
            {
                node.PreviousDue.NextDue = node.NextDue;
            }

            node.NextDue?.PreviousDue = node.PreviousDue;
            node.Home = null;
            node.NextDue = node.PreviousDue = null;
        }
    }
}
