using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Offsets;

/// <summary>
/// Progress beyond the end of a queue, at the start after a crash: with <c>FlushMode.Async</c> a power cut takes messages
/// that a group was given and had counted already. Those that come next get these offsets, and the group would pass over them.
/// </summary>
internal static partial class OffsetCorrection
{
    /// <summary>
    /// Has such progress stand at the end of its queue. Before anybody reads or sends. After a clean stop nothing is lost, and
    /// progress beyond the end is what somebody has set.
    /// </summary>
    public static void Apply(OffsetTable offsets, TopicTable topics, MessageStore store, ILogger logger)
    {
        if (!store.IsAfterCrash)
        {
            return;
        }

        int corrected = 0;
        foreach (IGrouping<(string Topic, string Group), KeyValuePair<int, long>> pair in offsets.Snapshot())
        {
            // Of what is no topic here, such as light queues, nobody knows the end by its name.
            if (topics.Find(pair.Key.Topic) is null)
            {
                continue;
            }

            foreach ((int queueId, long offset) in pair)
            {
                long end = store.TryGetQueue(pair.Key.Topic, queueId, out ConsumeQueue? queue) ? queue.MaxOffset : 0;
                if (offset > end)
                {
                    offsets.Commit(pair.Key.Group, pair.Key.Topic, queueId, end);
                    corrected++;
                }
            }
        }

        if (corrected > 0)
        {
            LogCorrected(logger, corrected);
        }
    }

    [LoggerMessage(EventId = 4025, Level = LogLevel.Warning, Message = "Progress of groups was beyond the end of {Count} queues, whose last messages are lost; it stands at their ends now")]
    private static partial void LogCorrected(ILogger logger, int count);
}
