using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Compaction;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What a compacted topic asks of a message: a key, and one that it has already when it has as many as it may.</summary>
internal static class KeyCheck
{
    /// <summary>Why a message cannot be taken; null when it can.</summary>
    public static SendOutcome? Reject(MessageStore store, string topic, int queueId, ReadOnlySpan<byte> properties)
    {
        if (!CompactionKey.TryGet(properties, out ReadOnlySpan<byte> key))
        {
            return new SendOutcome(SendStatus.PropertiesInvalid, Remark: "Required message key is missing");
        }

        bool isNew = store.CompactedTopics.TryGet(topic, out CompactedTopic? compacted)
            && compacted.IsFull
            && !(compacted.TryGetQueue(queueId, out CompactedQueue? queue) && queue.Contains(key));
        return isNew
            ? new SendOutcome(SendStatus.Busy, Remark: $"topic {topic} has {store.Options.MaxKeysPerTopic} keys, as many as it may: no new ones are taken")
            : null;
    }

    /// <summary>Why a batch cannot be taken; null when it can. What all of its messages share may hold the key.</summary>
    public static SendOutcome? RejectBatch(MessageStore store, string topic, int queueId, in SendRequest request)
    {
        BatchBodyReader reader = BatchBody.Read(request.Body);
        while (reader.MoveNext())
        {
            // A batch's own properties follow those of each message, and the last one counts.
            ReadOnlySpan<byte> keyed = CompactionKey.TryGet(request.Properties, out _) ? request.Properties : reader.Properties;
            if (Reject(store, topic, queueId, keyed) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }
}
