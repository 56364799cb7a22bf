using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// What group consumption needs from a broker or cluster: one object is one member of one group, under a client id
/// of its own, so that native members' rebalance counts it and leaves it its queues.
/// <see cref="GroupConsumers"/> does the rest: windows, leases, fan-out to streams, progress.
/// </summary>
/// <remarks>
/// Thread safety: <see cref="SubscribeAsync"/> is called one at a time; <see cref="ReadAsync"/> once at a time for a
/// queue, for different queues at the same time; everything else from any thread.
/// Errors are <see cref="BridgeException"/>s. <see cref="BridgeError.Unreachable"/>, <see cref="BridgeError.Timeout"/> and
/// <see cref="BridgeError.Busy"/> are tried again after a pause by the caller; so the source itself need not.
/// Dispose leaves the group (unregisters the member).
/// </remarks>
public interface IGroupSource : IAsyncDisposable
{
    /// <summary>The queues of this member now.</summary>
    GroupAssignment Assignment { get; }

    /// <summary>
    /// Called when the members of the group changed, before the other members are told, on the thread that changed
    /// them: what goes to others is given up and its progress is saved before anybody asks where to begin. Quick,
    /// and throws nothing. A source that hears of changes no sooner than the others never calls it.
    /// </summary>
    Action? MembersChanging { get; set; }

    /// <summary>
    /// Joins the group, or changes what the member is subscribed to: exactly these topics from now on, and always
    /// the group's retry topic, which is not in the list. Topics need not exist yet. When the task completes,
    /// <see cref="Assignment"/> is made for these topics.
    /// </summary>
    ValueTask SubscribeAsync(IReadOnlyCollection<GroupSubscription> topics, CancellationToken cancellationToken);

    /// <summary>Completes when the assignment has another version than the given one.</summary>
    ValueTask<GroupAssignment> WaitForAssignmentAsync(long knownVersion, CancellationToken cancellationToken);

    /// <summary>
    /// The offset at which the member starts to read a queue that it was assigned: the group's saved progress; or,
    /// where it has none, the oldest or the next offset. A start that was not saved before is saved, so that
    /// messages that come before the first commit are not skipped after a restart.
    /// </summary>
    ValueTask<long> FindStartAsync(GroupQueue queue, GroupStart start, CancellationToken cancellationToken);

    /// <summary>
    /// Reads from a queue, at once what is there, otherwise it waits for the next message up to <paramref name="wait"/>.
    /// </summary>
    /// <remarks>
    /// The source applies the subscription's filter (the retry topic has none), decompresses, and adds to the
    /// batch: <see cref="BridgeMessage.Topic"/> is the original topic (from RETRY_TOPIC for the retry topic),
    /// <see cref="BridgeMessage.QueueOffset"/> the position in <paramref name="queue"/>,
    /// <see cref="BridgeMessage.Attempt"/> the reconsume times + 1 in the retry topic and else 1, <see cref="BridgeMessage.MessageId"/> something
    /// that <see cref="SendBackAsync"/> understands; <see cref="BridgeMessage.Delivery"/> is ignored.
    /// Offsets in the batch ascend; <see cref="GroupRead.NextOffset"/> may be ahead of the last one when messages
    /// were filtered out, or when the offset asked for is no longer (or not yet) in the queue.
    /// The source does not clear the batch.
    /// </remarks>
    /// <param name="queue">One of the assignment.</param>
    /// <param name="offset">The first offset wanted.</param>
    /// <param name="maxMessages">At least 1.</param>
    /// <param name="maxBytes">Stop before the bodies and properties exceed this; one message is always allowed.</param>
    /// <param name="wait">How long to wait for the first message.</param>
    /// <param name="batch">Where the messages go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<GroupRead> ReadAsync(
        GroupQueue queue,
        long offset,
        int maxMessages,
        int maxBytes,
        TimeSpan wait,
        MessageBatch batch,
        CancellationToken cancellationToken);

    /// <summary>Saves progress: every message of the queue before this offset is settled. Never called with less than before.</summary>
    ValueTask CommitAsync(GroupQueue queue, long offset, CancellationToken cancellationToken);

    /// <summary>
    /// Whether an operator set the group's progress in a queue since <see cref="FindStartAsync"/> was asked for it. Until it is asked again
    /// progress that is saved there is left out: it is from before. Asked often: it is quick.
    /// </summary>
    bool IsReset(GroupQueue queue) => false;

    /// <summary>
    /// Stores the message again for the group, to come after the delay (where there are no timers rounded up to a delay level; zero: at once),
    /// counted as one more attempt; after the last allowed attempt the broker makes it a dead letter.
    /// Complete when durable: only then is the original counted as settled.
    /// </summary>
    ValueTask SendBackAsync(HeldMessage message, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>Stores the message in the group's dead letters. Complete when durable.</summary>
    ValueTask DeadLetterAsync(HeldMessage message, CancellationToken cancellationToken);
}

/// <summary>One topic of a member's subscription.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Filter">What of it belongs to the group; the broker is told the tags.</param>
public readonly record struct GroupSubscription(string Topic, GroupFilter Filter);

/// <summary>A queue of a topic on a broker.</summary>
/// <param name="Topic">The topic it belongs to, which may be the group's retry topic.</param>
/// <param name="Broker">The broker's name, as the source spells it.</param>
/// <param name="QueueId">Number of the queue on that broker.</param>
public readonly record struct GroupQueue(string Topic, string Broker, int QueueId);

/// <summary>The queues of a member.</summary>
/// <param name="Version">Changes whenever the queues do.</param>
/// <param name="Queues">The queues, those of the retry topic among them.</param>
public sealed record GroupAssignment(long Version, IReadOnlyList<GroupQueue> Queues)
{
    /// <summary>Whether the group has members besides this one: then a new queue may have been somebody else's a moment ago.</summary>
    public bool IsShared { get; init; }

    /// <summary>No queues: before the first subscription.</summary>
    public static GroupAssignment None { get; } = new(0, []);
}

/// <summary>What a read found besides the messages.</summary>
/// <param name="NextOffset">Where the next read goes on; never less than the offset asked for, unless the queue was cut.</param>
/// <param name="Missed">Messages between the offset asked for and the next one that were deleted before the group read them.</param>
public readonly record struct GroupRead(long NextOffset, long Missed = 0);

/// <summary>What is kept of a message that was handed out: enough to send it back. The body is not held.</summary>
/// <param name="Queue">Where it was read.</param>
/// <param name="QueueOffset">Its position there.</param>
/// <param name="MessageId">As the source gave it.</param>
/// <param name="Topic">Its original topic.</param>
/// <param name="Attempt">Which delivery of it this was.</param>
public readonly record struct HeldMessage(GroupQueue Queue, long QueueOffset, MessageId MessageId, string Topic, int Attempt);
