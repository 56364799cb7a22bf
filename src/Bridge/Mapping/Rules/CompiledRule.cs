using System.Text;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>A rule, read.</summary>
/// <param name="Name">For people.</param>
/// <param name="Source">As it was written.</param>
/// <param name="Pattern">The names that it takes.</param>
/// <param name="Topic">Makes the topic.</param>
/// <param name="Tag">Makes the tag.</param>
/// <param name="Key">Makes the key.</param>
internal sealed record CompiledRule(string Name, MappingRule Source, NamePattern Pattern, ValueTemplate Topic, ValueTemplate Tag, ValueTemplate Key)
{
    /// <summary>The one topic that it writes to; null when a variable is in it.</summary>
    public string? FixedTopic { get; } = Topic.Constant is { } text ? Encoding.UTF8.GetString(text) : null;

    /// <summary>Reads a rule; the answer is what is wrong with it, or null.</summary>
    public static string? TryRead(MappingRule source, int number, out CompiledRule? rule)
    {
        rule = null;
        string name = source.Name.Length > 0 ? source.Name : $"{number}";
        string? wrong = NamePattern.TryParse(source.Mqtt, out NamePattern? pattern);
        if (wrong is not null || pattern is null)
            return Say(name, wrong);
        wrong = ValueTemplate.TryParse("topic", source.Topic, pattern.Variables, out ValueTemplate topic)
            ?? ValueTemplate.TryParse("tag", source.Tag, pattern.Variables, out _)
            ?? ValueTemplate.TryParse("key", source.Key, pattern.Variables, out _)
            ?? CheckTopic(topic);
        if (wrong is not null)
            return Say(name, wrong);
        ValueTemplate.TryParse("tag", source.Tag, pattern.Variables, out ValueTemplate tag);
        ValueTemplate.TryParse("key", source.Key, pattern.Variables, out ValueTemplate key);
        rule = new CompiledRule(name, source, pattern, topic, tag, key);
        return null;
    }

    /// <summary>The names that its messages would have by topic and tag alone; null when its topic has no such name.</summary>
    public LevelShape? ShapeOfDefaultNames()
    {
        byte[]? first = null;
        if (Topic.Constant is { } topic)
        {
            Span<byte> name = stackalloc byte[TopicMapping.MaxNameLength(TopicNames.MaxLength, 0)];
            int length = TopicMapping.WriteName(topic, default, name);
            if (length < 0 || name[..length].StartsWith("$"u8))
                return null;
            first = name[..length].ToArray();
        }

        if (Tag.IsEmpty)
            return new LevelShape([first], ShapeEnd.Here);
        return Tag.Constant is { } tag
            ? new LevelShape([first, .. LevelShape.OfFilter(tag).Levels], ShapeEnd.Here)
            : new LevelShape([first], ShapeEnd.OneOrMore);
    }

    private static string? CheckTopic(ValueTemplate topic)
    {
        if (topic.IsEmpty)
            return "topic is missing";
        foreach (byte[]? text in topic.Parts)
        {
            if (text is not null && !TopicNames.IsValid(Encoding.UTF8.GetString(text)))
                return $"topic: RocketMQ allows 1 to {TopicNames.MaxLength} of a-z A-Z 0-9 _ - % |";
        }

        return topic.Parts.First() is { } begin && TopicNames.IsGroupTopic(Encoding.UTF8.GetString(begin))
            ? "topic: retries and dead letters belong to their groups"
            : null;
    }

    private static string Say(string name, string? wrong) => $"rule {name}: {wrong}";
}
