using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>The names that popping has on the wire and on the disk.</summary>
public static class PopNames
{
    /// <summary>The group whose progress in the revive topic says what of the account is settled.</summary>
    public const string ReviveGroup = "CID_RMQ_SYS_REVIVE_GROUP";

    /// <summary>Stands for a revive queue in receipt handles of messages in order: there is no account of them.</summary>
    public const int OrderReviveQueue = 999;

    private const char SeparatorV1 = '_';
    private const char SeparatorV2 = '+';

    /// <summary>The topic with the account of popped messages.</summary>
    public static string ReviveTopic(string cluster) => TopicName.ReviveLogPrefix + cluster;

    /// <summary>Where popped messages of a topic come back to a group.</summary>
    public static string Retry(string topic, string group, bool isV2) =>
        string.Concat(TopicName.RetryPrefix, group, isV2 ? "+" : "_", topic);

    /// <summary>How infos and handles tell a topic: 0, or 1 and 2 for retry topics of the first and second form.</summary>
    public static char RetryMark(string topic) =>
        !topic.StartsWith(TopicName.RetryPrefix, StringComparison.Ordinal) ? '0' : topic.Contains(SeparatorV2, StringComparison.Ordinal) ? '2' : '1';

    /// <summary>The topic that a mark means; null for no mark.</summary>
    public static string? Marked(string topic, string group, ReadOnlySpan<char> mark) => mark switch
    {
        "0" => topic,
        "1" => Retry(topic, group, isV2: false),
        "2" => Retry(topic, group, isV2: true),
        _ => null,
    };

    /// <summary>The topic that a retry topic of the group belongs to; any other topic itself.</summary>
    public static string Normal(string topic, string group)
    {
        int at = TopicName.RetryPrefix.Length + group.Length;
        return topic.StartsWith(TopicName.RetryPrefix, StringComparison.Ordinal)
            && topic.Length > at + 1
            && topic[at] is SeparatorV1 or SeparatorV2
            && topic.AsSpan(TopicName.RetryPrefix.Length).StartsWith(group, StringComparison.Ordinal)
                ? topic[(at + 1)..]
                : topic;
    }
}
