namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>Counts topics of which members of a group want different things, and warns of each change.</summary>
public sealed partial class SubscriptionWatch(ILogger<SubscriptionWatch> logger)
{
    private long _different;

    /// <summary>Topics of groups whose members want different things of them now.</summary>
    public long Count => Volatile.Read(ref _different);

    internal void Different(string group, string topic, string wanted, bool isNew)
    {
        if (isNew)
        {
            Interlocked.Increment(ref _different);
        }

        LogDifferent(logger, group, topic, wanted);
    }

    internal void Same(string group, string topic)
    {
        Interlocked.Decrement(ref _different);
        LogSame(logger, group, topic);
    }

    [LoggerMessage(EventId = 4006, Level = LogLevel.Warning, Message = "Members of group {Group} want different things of topic {Topic}: what the member of a queue does not want nobody gets. Wanted (by how many members): {Wanted}")]
    private static partial void LogDifferent(ILogger logger, string group, string topic, string wanted);

    [LoggerMessage(EventId = 4007, Level = LogLevel.Information, Message = "Members of group {Group} want the same of topic {Topic} again")]
    private static partial void LogSame(ILogger logger, string group, string topic);
}
