namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>Which topics a stream receives: every user topic (also those created later), or the named ones.</summary>
public sealed class TopicSelection
{
    private TopicSelection(bool all, IReadOnlySet<string> names)
    {
        IsAll = all;
        Names = names;
    }

    /// <summary>Every topic but system, retry and dead-letter topics.</summary>
    public static TopicSelection All { get; } = new(true, new HashSet<string>());

    /// <summary>No topic yet.</summary>
    public static TopicSelection None { get; } = new(false, new HashSet<string>());

    /// <summary>Whether it is <see cref="All"/>.</summary>
    public bool IsAll { get; }

    /// <summary>The named topics; empty for <see cref="All"/>.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <summary>The named topics; they need not exist yet.</summary>
    public static TopicSelection Of(params IEnumerable<string> names) => new(false, names.ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether a message of that topic belongs to it.</summary>
    public bool Contains(string topic) => IsAll || Names.Contains(topic);
}
