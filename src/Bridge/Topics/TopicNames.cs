namespace ProtoBridgeMQ.Bridge.Topics;

/// <summary>What RocketMQ allows as the name of a topic or a group, and which topics belong to the brokers themselves.</summary>
public static class TopicNames
{
    /// <summary>Longest topic name.</summary>
    public const int MaxLength = 127;

    /// <summary>Longest group name: so that the name of its retry topic is still a topic name.</summary>
    public const int MaxGroupLength = MaxLength - 7;

    /// <summary>Before a group's name: the topic of what comes again for the group.</summary>
    public const string RetryPrefix = "%RETRY%";

    /// <summary>Before a group's name: the topic of the group's dead letters.</summary>
    public const string DeadLetterPrefix = "%DLQ%";

    /// <summary>Whether it can be the name of a topic.</summary>
    public static bool IsValid(ReadOnlySpan<char> name) => HasAlphabet(name, MaxLength);

    /// <summary>Whether it can be the name of a group.</summary>
    public static bool IsValidGroup(ReadOnlySpan<char> name) => HasAlphabet(name, MaxGroupLength);

    /// <summary>The topic that a group's redeliveries go through.</summary>
    public static string RetryOf(string group) => RetryPrefix + group;

    /// <summary>The topic of a group's dead letters.</summary>
    public static string DeadLettersOf(string group) => DeadLetterPrefix + group;

    /// <summary>Whether it is the retry or the dead-letter topic of some group.</summary>
    public static bool IsGroupTopic(ReadOnlySpan<char> name)
        => name.StartsWith(RetryPrefix, StringComparison.Ordinal) || name.StartsWith(DeadLetterPrefix, StringComparison.Ordinal);

    /// <summary>Refuses what cannot be a topic name.</summary>
    public static void ThrowIfInvalid(string name)
    {
        if (!IsValid(name))
        {
            throw new BridgeException(
                BridgeError.TopicInvalid,
                $"A topic name has 1 to {MaxLength} of the characters a-z A-Z 0-9 _ - % |; this one has {name.Length} characters or others.");
        }
    }

    /// <summary>Refuses what cannot be a group name.</summary>
    public static void ThrowIfInvalidGroup(string? name)
    {
        if (name is null || !IsValidGroup(name))
        {
            throw new BridgeException(
                BridgeError.GroupInvalid,
                $"A group name has 1 to {MaxGroupLength} of the characters a-z A-Z 0-9 _ - % |.");
        }
    }

    private static bool HasAlphabet(ReadOnlySpan<char> name, int max)
    {
        if (name.IsEmpty || name.Length > max)
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
