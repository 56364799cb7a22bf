namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>Counts topics of which members of a group want different things, and warns of each change.</summary>
public sealed partial class SubscriptionWatch(ILogger<SubscriptionWatch> logger)
{
    private const int MostShown = 3;
    private const int LongestShown = 120;

    private long _different;

    /// <summary>Topics of groups whose members want different things of them now.</summary>
    public long Count => Volatile.Read(ref _different);

    internal void Different(string group, string topic, IReadOnlyDictionary<string, int> counts, bool isNew)
    {
        if (isNew)
        {
            Interlocked.Increment(ref _different);
        }

        if (logger.IsEnabled(LogLevel.Warning))
        {
            IEnumerable<string> shown = counts.Take(MostShown).Select(static count =>
                $"{(count.Key.Length > LongestShown ? count.Key[..LongestShown] + "..." : count.Key)} ({count.Value})");
            LogDifferent(logger, group, topic, string.Join("; ", shown) + (counts.Count > MostShown ? "; ..." : string.Empty));
        }
    }

    internal void Same(string group, string topic)
    {
        Interlocked.Decrement(ref _different);
        LogSame(logger, group, topic);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Members of group {Group} want different things of topic {Topic}: what the member of a queue does not want nobody gets. Wanted (by how many members): {Wanted}")]
    private static partial void LogDifferent(ILogger logger, string group, string topic, string wanted);

    [LoggerMessage(Level = LogLevel.Information, Message = "Members of group {Group} want the same of topic {Topic} again")]
    private static partial void LogSame(ILogger logger, string group, string topic);
}
