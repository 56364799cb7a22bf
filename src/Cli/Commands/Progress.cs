using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary>Where groups are.</summary>
internal static class Progress
{
    private static readonly string[] SystemPrefixes = ["CID_ONS", "CID_RMQ_SYS_", "CID_ONSAPI_"];
    private static readonly string[] SystemNames = ["TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP"];

    /// <summary>The groups that brokers have settings of; those that RocketMQ has for itself only when asked for.</summary>
    public static async Task<IReadOnlyList<string>> GroupsAsync(Invocation run, bool all)
        => [.. (await run.Admin.Groups.ListAsync(run.Cancelled)).Where(group => all || !IsSystem(group))];

    /// <summary>By topic; none when the group has no progress yet.</summary>
    public static async Task<IReadOnlyList<TopicLag>> OfAsync(Invocation run, string group)
    {
        IReadOnlyList<QueueProgress> queues;
        try
        {
            queues = await run.Admin.Groups.GetProgressAsync(group, null, run.Cancelled);
        }
        catch (RequestRefusedException)
        {
            return [];
        }

        return [.. queues
            .GroupBy(queue => queue.Queue.Topic)
            .OrderBy(topic => topic.Key, StringComparer.Ordinal)
            .Select(topic => new TopicLag(
                topic.Key,
                topic.Sum(queue => queue.Lag),
                [.. topic.Select(queue => new QueueLag(queue.Queue.BrokerName, queue.Queue.QueueId, queue.Offset, queue.End, queue.Lag, queue.LastHandledStoredAt))]))];
    }

    /// <summary>None when nobody is there: brokers refuse to answer then.</summary>
    public static async Task<IReadOnlyList<Member>> MembersAsync(Invocation run, string group)
    {
        try
        {
            return [.. (await run.Admin.Groups.ListMembersAsync(group, run.Cancelled)).Select(member => new Member(member.ClientId, member.Address, member.Language))];
        }
        catch (RequestRefusedException)
        {
            return [];
        }
    }

    /// <summary>Ends the command when no broker has settings of the group.</summary>
    public static async Task RequireAsync(Invocation run, string group)
    {
        IReadOnlyList<string> groups = await run.Admin.Groups.ListAsync(run.Cancelled);
        if (!groups.Contains(group))
        {
            throw new CliException(ExitCode.NotFound, $"No broker knows group {group}.");
        }
    }

    private static bool IsSystem(string group)
        => SystemPrefixes.Any(prefix => group.StartsWith(prefix, StringComparison.Ordinal)) || SystemNames.Contains(group);
}
