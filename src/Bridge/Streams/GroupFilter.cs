using ProtoBridgeMQ.Bridge.Mapping;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>What a group consumes of one topic: tags, and where tags cannot say it, names.</summary>
/// <param name="Tags">Members of every protocol can have them.</param>
/// <param name="Names">An MQTT filter on top of the tags; null for none. Native members do not know it.</param>
/// <remarks>Immutable.</remarks>
public sealed record GroupFilter(TagExpression Tags, NameFilter? Names)
{
    /// <summary>Everything.</summary>
    public static GroupFilter All { get; } = new(TagExpression.All, null);

    /// <summary>An SQL92 expression in place of the tags, which are <see cref="TagExpression.All"/> then; null for none. The brokers judge it.</summary>
    public string? Sql { get; init; }

    /// <summary>In one spelling, so that equal filters compare equal, and to show.</summary>
    public string Text => Sql is not null ? $"SQL92 {Sql}" : Names is null ? Tags.Text : $"MQTT {Names.Text}";

    /// <summary>Whether a message belongs to the group.</summary>
    /// <param name="topic">Its RocketMQ topic.</param>
    /// <param name="tag">Its tag; empty: none.</param>
    /// <param name="keptName">The MQTT name that was kept with it; empty: none.</param>
    public bool Matches(string topic, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> keptName)
        => (Tags.IsAll || Tags.Matches(tag)) && (Names is null || Names.Matches(topic, tag, keptName));
}
