using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// Takes topics away: their settings, the progress of groups in them and, as far as readers can tell, their messages.
/// <code>
///  note of the end of the log, on disk ─► settings ─► progress ─► what is appended is in its queues ─► queues begin behind the note
/// </code>
/// A crash leaves a topic that is there and empty, or one that is gone.
/// </summary>
internal sealed class TopicDeletion(MessageStore store, BrokerTables tables, BrokerOptions options, BrokerStatistics statistics)
{
    /// <summary>Has the queues of topics that were deleted before begin where they should.</summary>
    public void Restore()
    {
        foreach ((string topic, long end) in tables.Deleted.All)
        {
            store.Forget(topic, end);
        }
    }

    /// <summary>Deletes a topic and the retry topics that pops made for it; null, or why it was not.</summary>
    public ValueTask<string?> DeleteAsync(string topic)
    {
        List<string> topics = [topic];
        foreach (string group in tables.Offsets.GroupsOf(topic))
        {
            topics.AddRange(new[] { $"{TopicName.RetryPrefix}{group}+{topic}", $"{TopicName.RetryPrefix}{group}_{topic}" }
                .Where(retry => tables.Topics.Find(retry) is not null));
        }

        return DeleteAsync(topics);
    }

    /// <summary>Deletes what queues still have of topics that are gone; null, or why not.</summary>
    public ValueTask<string?> DeleteUnusedAsync() => DeleteAsync(
    [
        .. store.Queues
            .Where(queue => queue.MinOffset < queue.MaxOffset && tables.Topics.Find(queue.Topic) is null && !tables.Topics.IsSystem(queue.Topic))
            .Select(static queue => queue.Topic)
            .Distinct(StringComparer.Ordinal),
    ]);

    private async ValueTask<string?> DeleteAsync(List<string> topics)
    {
        List<string> present = [.. topics.Where(topic => tables.Topics.Find(topic) is not null || HasQueue(topic))];
        long end = store.Written.Value;
        if (present.Count > 0 && !tables.Deleted.Add(present, end, store.MinPhysicalOffset))
        {
            return $"{options.MaxDeletedTopics} deleted topics have messages in the log still, as many as may be";
        }

        foreach (string topic in topics)
        {
            tables.Topics.Remove(topic);
            tables.Offsets.Remove(topic, group: null);
            tables.Resets.Forget(topic, group: null);
            statistics.ForgetTopic(topic);
        }

        tables.OffsetFlush.Flush();
        await store.WaitDispatchedAsync();
        foreach (string topic in present)
        {
            store.Forget(topic, end);
        }

        return null;
    }

    private bool HasQueue(string topic) => store.Queues.Any(queue => queue.Topic == topic && queue.MinOffset < queue.MaxOffset);
}
