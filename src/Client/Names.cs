namespace ProtoBridgeMQ.Client;

/// <summary>What RocketMQ allows as names, and the names it makes of others.</summary>
internal static class Names
{
    public const int MaxTopicLength = 127;

    /// <summary>Longest group: its retry topic's name must still be a topic name.</summary>
    public const int MaxGroupLength = MaxTopicLength - 7;

    private const string RetryPrefix = "%RETRY%";
    private const string DeadLetterPrefix = "%DLQ%";

    public static string RetryTopic(string group) => RetryPrefix + group;

    public static string DeadLetterTopic(string group) => DeadLetterPrefix + group;

    public static bool IsRetryTopic(string topic) => topic.StartsWith(RetryPrefix, StringComparison.Ordinal);

    public static void RequireGroup(string group)
        => ClientOptions.Require(IsValid(group, MaxGroupLength), "Group", $"is '{group}', and must have 1 to {MaxGroupLength} of the characters a-z A-Z 0-9 _ - % |");

    public static void RequireTopic(string topic)
    {
        if (!IsValid(topic, MaxTopicLength))
        {
            throw new InvalidMessageException($"The topic '{topic}' is not possible: 1 to {MaxTopicLength} of the characters a-z A-Z 0-9 _ - % |.");
        }
    }

    private static bool IsValid(string? name, int max)
    {
        if (string.IsNullOrEmpty(name) || name.Length > max)
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '%' or '|'))
            {
                return false;
            }
        }

        return true;
    }
}
