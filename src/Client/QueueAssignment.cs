namespace ProtoBridgeMQ.Client;

/// <summary>The queues of a member of a group.</summary>
/// <param name="Version">Counts up whenever the queues change; 0 before the first time.</param>
/// <param name="Queues">The queues in order, those of the group's retry topic among them.</param>
public sealed record QueueAssignment(long Version, IReadOnlyList<MessageQueue> Queues)
{
    /// <summary>No queues yet.</summary>
    public static QueueAssignment None { get; } = new(0, []);
}
