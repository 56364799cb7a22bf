using System.Buffers;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Transactions;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>What a topic or group may be called, and which names are the broker's own.</summary>
public static class TopicName
{
    /// <summary>Longest name of a topic.</summary>
    public const int LongestTopic = 127;

    /// <summary>Longest name of a retry topic: of a group, a separator and a topic.</summary>
    public const int LongestRetryTopic = 255;

    /// <summary>Longest name of a group, so that its retry topic still fits into a record.</summary>
    public const int LongestGroup = 120;

    /// <summary>Topic whose settings others inherit when they are created by sending.</summary>
    public const string Default = "TBW102";

    /// <summary>Topic in which delayed messages wait, one queue per level.</summary>
    public const string Schedule = "SCHEDULE_TOPIC_XXXX";

    /// <summary>Topic in which messages wait for a time of their own.</summary>
    public const string Timer = "rmq_sys_wheel_timer";

    /// <summary>Topic of message traces.</summary>
    public const string Trace = "RMQ_SYS_TRACE_TOPIC";

    /// <summary>What the name of a retry topic begins with.</summary>
    public const string RetryPrefix = "%RETRY%";

    /// <summary>What the name of a dead-letter topic begins with.</summary>
    public const string DeadLetterPrefix = "%DLQ%";

    /// <summary>
    /// Whether a name belongs to groups or light queues, so that it is not made by sending to it: <c>%WORD%</c> in front. Other
    /// names may begin with <c>%</c>: <c>%C3%BC</c> is how a gateway writes what the alphabet lacks.
    /// </summary>
    public static bool IsKept(ReadOnlySpan<char> name)
    {
        int end = name.StartsWith('%') ? name[1..].IndexOf('%') : -1;
        return end >= 0 && name.Slice(1, end).ContainsAnyExcept(EscapeDigits) && name.Slice(1, end).IndexOfAnyExceptInRange('A', 'Z') < 0;
    }

    /// <summary>What the names of further topics of the system begin with.</summary>
    public const string SystemPrefix = "rmq_sys_";

    /// <summary>What the name of the topic with the account of popped messages begins with; the cluster's name follows.</summary>
    public const string ReviveLogPrefix = "rmq_sys_REVIVE_LOG_";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("%|-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> EscapeDigits = SearchValues.Create("0123456789ABCDEF");

    private static readonly SearchValues<char> AllowedInRetry =
        SearchValues.Create("+%|-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly HashSet<string> SystemNames = new(StringComparer.Ordinal)
    {
        Default, Schedule, "BenchmarkTest", HalfTopics.Half, Trace,
        HalfTopics.Op, HalfTopics.Discarded, "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT",
        "CHECKPOINT_TOPIC",
    };

    private static readonly HashSet<string> NotSendable = new(StringComparer.Ordinal)
    {
        Schedule, HalfTopics.Half, HalfTopics.Op, HalfTopics.Discarded,
        "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT", Timer,
    };

    /// <summary>Why a topic cannot be called so; null when it can.</summary>
    public static string? Reject(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return "The topic's name is blank.";
        }

        // Where popped messages come back: the names of a group and a topic, with a separator.
        bool isRetry = name.StartsWith(RetryPrefix, StringComparison.Ordinal);
        if (name.AsSpan().ContainsAnyExcept(isRetry ? AllowedInRetry : Allowed))
        {
            return "The topic's name has a character outside of ^[%|a-zA-Z0-9_-]+$.";
        }

        int longest = isRetry ? LongestRetryTopic : LongestTopic;
        return name.Length > longest ? $"The topic's name is longer than {longest} characters." : null;
    }

    /// <summary>Why a group cannot be called so; null when it can.</summary>
    public static string? RejectGroup(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return "The group's name is blank.";
        }

        if (name.AsSpan().ContainsAnyExcept(Allowed))
        {
            return "The group's name has a character outside of ^[%|a-zA-Z0-9_-]+$.";
        }

        return name.Length > LongestGroup ? $"The group's name is longer than {LongestGroup} characters." : null;
    }

    /// <summary>Whether it is a topic of the system, in any broker.</summary>
    public static bool IsSystem(string name) =>
        SystemNames.Contains(name) || name.StartsWith(SystemPrefix, StringComparison.Ordinal);

    /// <summary>Whether clients may not send to it.</summary>
    public static bool IsForbiddenToSend(string name) => NotSendable.Contains(name);

    /// <summary>The retry topic of a group.</summary>
    public static string Retry(string group) => RetryPrefix + group;

    /// <summary>The dead-letter topic of a group.</summary>
    public static string DeadLetter(string group) => DeadLetterPrefix + group;

    /// <summary>The topic of replies of a cluster.</summary>
    public static string Reply(string cluster) => cluster + "_REPLY_TOPIC";

    /// <summary>The topics that every broker has, with their settings.</summary>
    public static IEnumerable<BrokerTopic> OfSystem(BrokerOptions options)
    {
        yield return System("SELF_TEST_TOPIC", 1);
        yield return System("OFFSET_MOVED_EVENT", 1);
        yield return System(HalfTopics.Half, 1);
        yield return System(HalfTopics.Op, 1);
        yield return System(Schedule, 18);
        yield return System(Timer, 1);
        yield return System(ReviveLogPrefix + options.Cluster, options.ReviveQueues);
        yield return System(Reply(options.Cluster), 1);
        if (options.TraceTopic)
        {
            yield return System(Trace, 1);
        }

        yield return System(options.Name, 1, BrokerTopic.Read | BrokerTopic.Write | BrokerTopic.Inherit);
        yield return System(options.Cluster, 16, BrokerTopic.Read | BrokerTopic.Write | BrokerTopic.Inherit);
        if (options.AutoCreateTopics)
        {
            yield return DefaultOf(options);
        }
    }

    /// <summary>The topic whose settings others inherit.</summary>
    public static BrokerTopic DefaultOf(BrokerOptions options) =>
        System(Default, options.DefaultQueues, BrokerTopic.Read | BrokerTopic.Write | BrokerTopic.Inherit);

    /// <summary>The names that are the system's in any broker.</summary>
    public static IEnumerable<string> SystemTopics => SystemNames;

    private static BrokerTopic System(string name, int queues, int permissions = BrokerTopic.Read | BrokerTopic.Write) => new()
    {
        Name = name,
        ReadQueues = queues,
        WriteQueues = queues,
        Permissions = permissions,
        IsSystem = true,
    };
}
