namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Where groups are, and where queues begin and end.</summary>
/// <remarks>Thread safe.</remarks>
public interface IOffsets
{
    /// <summary>Saved progress of a group in a queue, or -1.</summary>
    long Query(string group, string topic, int queueId);

    /// <summary>
    /// Saves progress: the next offset to read. Going backwards or beyond the end is taken as it comes, as in
    /// RocketMQ; it is durable after the flush interval and on a clean stop.
    /// </summary>
    /// <returns>False when the table of progress is full and this queue is not in it.</returns>
    bool Commit(string group, string topic, int queueId, long offset);

    /// <summary>Saves progress when it is further than what is saved.</summary>
    /// <returns>As <see cref="Commit"/>.</returns>
    bool Advance(string group, string topic, int queueId, long offset);

    /// <summary>Whether an operator set the group's progress there, and its reader has not taken that up: what it saves is from before.</summary>
    bool IsReset(string group, string topic, int queueId);

    /// <summary>Takes a reset up: where to go on; false when there is none.</summary>
    bool TakeReset(string group, string topic, int queueId, out long offset);

    /// <summary>Oldest offset kept of a queue; 0 for a queue that never had a message.</summary>
    long Min(string topic, int queueId);

    /// <summary>The end of a queue that a consumer can see; 0 for a queue that never had a message.</summary>
    long Max(string topic, int queueId);

    /// <summary>Offset of the first message stored at or after a time in Unix milliseconds.</summary>
    long Search(string topic, int queueId, long time);

    /// <summary>Groups that have progress in a topic.</summary>
    IReadOnlyList<string> GroupsOf(string topic);
}
