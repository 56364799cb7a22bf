namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Something that is due at a time; the node of <see cref="DueTable"/> itself.</summary>
public abstract class DueNode
{
    /// <summary>When, Unix milliseconds.</summary>
    internal long Due { get; set; }

    internal DueTable.Slot? Home { get; set; }

    internal DueNode? NextDue { get; set; }

    internal DueNode? PreviousDue { get; set; }
}
