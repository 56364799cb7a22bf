using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Dispatch;

/// <summary>A record that has its queue entry and may be read by consumers.</summary>
public readonly ref struct DispatchedMessage
{
    /// <summary>Makes one.</summary>
    public DispatchedMessage(ConsumeQueue queue, in MessageRecord record, long tagsCode)
    {
        Queue = queue;
        Record = record;
        TagsCode = tagsCode;
    }

    /// <summary>The queue it went to.</summary>
    public ConsumeQueue Queue { get; }

    /// <summary>The record, over mapped memory: valid only during the call.</summary>
    public MessageRecord Record { get; }

    /// <summary>What the queue entry carries: the hash of the tag, or the due time in the schedule topic.</summary>
    public long TagsCode { get; }
}

/// <summary>
/// Told of every record, in log order, after its queue entry can be read: wakes consumers, feeds tails, builds indexes.
/// Called on the dispatcher's thread: it must not block, and must not throw.
/// </summary>
public interface IDispatchListener
{
    /// <summary>One record.</summary>
    void OnDispatched(in DispatchedMessage message);

    /// <summary>No more records are at hand: the time to wake those that <see cref="OnDispatched"/> noted.</summary>
    /// <param name="offset">Everything before it has been told.</param>
    void OnBatchEnd(long offset);
}
