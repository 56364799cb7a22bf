using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>Where a message would go, and why.</summary>
/// <param name="MqttTopic">The name that it is delivered under.</param>
/// <param name="Topic">RocketMQ topic.</param>
/// <param name="Tag">Tag, or null.</param>
/// <param name="Key">Key, or null.</param>
/// <param name="Rule">The rule that took it, or null.</param>
/// <param name="Why">For people.</param>
public sealed record MappingAnswer(string MqttTopic, string Topic, string? Tag, string? Key, string? Rule, string Why);

/// <summary>Says where messages would go, without any.</summary>
public static class MappingTrial
{
    /// <summary>Of a message published to an MQTT topic name.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: it would be refused.</exception>
    public static MappingAnswer OfName(NameMapping mapping, string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        if (!MqttTopicName.IsValid(utf8))
            throw new BridgeException(BridgeError.TopicInvalid, "A topic name has 1 to 65535 bytes, no wildcard and no U+0000.");
        Span<Range> values = stackalloc Range[NamePattern.MaxLevels];
        CompiledRule? rule = mapping.Rules.Find(utf8, values);
        var properties = default(PropertyTextWriter);
        try
        {
            string topic = mapping.Map(utf8, ref properties);
            string? tag = properties.Written.GetString(PropertyNames.Tags);
            string? key = properties.Written.GetString(PropertyNames.Keys);
            string why = rule is null ? Default(mapping.Rules) : $"Rule {rule.Name} is the first that takes this name: {rule.Source.Mqtt}.";
            return new MappingAnswer(name, topic, tag, key, rule?.Name, why);
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Of a message published to a RocketMQ topic, by HTTP or a RocketMQ client.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>.</exception>
    public static MappingAnswer OfTopic(NameMapping mapping, string topic, string? tag, string? key)
    {
        TopicNames.ThrowIfInvalid(topic);
        byte[] utf8 = Encoding.UTF8.GetBytes(tag ?? string.Empty);
        byte[] name = new byte[TopicMapping.MaxNameLength(topic.Length, utf8.Length)];
        int length = TopicMapping.WriteName(topic, utf8, default, name);
        if (length < 0)
            throw new BridgeException(BridgeError.TopicInvalid, "Topic and tag have no MQTT name: it would be longer than 65535 bytes.");
        string why = "By topic and tag: rules work on what is published over MQTT."
            + (mapping.Rules.MayWriteTo(topic) ? " Rules write to this topic, too: their messages keep their names." : string.Empty);
        return new MappingAnswer(Encoding.UTF8.GetString(name, 0, length), topic, Empty(tag), Empty(key), null, why);
    }

    private static string Default(RuleSet rules)
        => rules.Count == 0
            ? "By the default mapping: there are no rules."
            : $"By the default mapping: none of the {rules.Count} rules takes this name.";

    private static string? Empty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
