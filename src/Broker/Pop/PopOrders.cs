using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Keeps what was popped in order on the disk: as exact as saved progress, which is written with it.</summary>
internal sealed partial class PopOrders(PopTable table, TableFile file, ITopics topics, TimeProvider time, ILogger<PopOrders> logger)
{
    private const long ForgottenAfter = 24 * 3600 * 1000;

    private int _changed;

    /// <summary>Something was popped in order, or settled.</summary>
    public void Changed() => Volatile.Write(ref _changed, 1);

    /// <summary>Reads the file.</summary>
    public void Load()
    {
        long now = Now();
        foreach (SavedOrder saved in file.Read(static text => PopOrderFile.Parse(text)) ?? [])
        {
            if (table.FindOrAddQueue(saved.Topic, saved.Group, saved.QueueId) is { } queue)
            {
                queue.Order = saved.Order;
                table.FreeLater(queue, now);
            }
        }
    }

    /// <summary>Writes the file if anything changed; a failure is logged and tried again the next time.</summary>
    public void Flush()
    {
        if (Interlocked.Exchange(ref _changed, 0) == 0)
        {
            return;
        }

        try
        {
            file.Write(output => PopOrderFile.Write(output, All()));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Changed();
            LogNotWritten(logger, file.Path, error.Message);
        }
    }

    private List<SavedOrder> All()
    {
        var all = new List<SavedOrder>();
        long now = Now();
        foreach (PopQueue queue in table.Groups.SelectMany(static group => group.Queues()))
        {
            lock (queue.Lock)
            {
                if (queue.Order is { } order && (topics.Find(queue.Topic) is null || now - order.LastPop > ForgottenAfter))
                {
                    queue.Order = null;
                }
                else if (queue.Order is { } kept)
                {
                    // The parts that change are copied: they are written without the lock.
                    var copy = new PopOrder
                    {
                        PopTime = kept.PopTime, InvisibleTime = kept.InvisibleTime, Offsets = kept.Offsets, LastPop = kept.LastPop, AttemptId = kept.AttemptId,
                        Settled = kept.Settled, VisibleAt = new(kept.VisibleAt), Given = kept.Given,
                    };
                    all.Add(new SavedOrder(queue.Topic, queue.Owner.Group, queue.QueueId, copy));
                }
            }
        }

        return all;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "What was popped in order is not written to {Path}, it will be tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);
}
