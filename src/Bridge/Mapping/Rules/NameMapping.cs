using System.Diagnostics.CodeAnalysis;
using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>
/// Where MQTT topic names go: by the rules in force, else by the default mapping. Rules change while it is used: who reads
/// by topic is asked first to read the topics of the next rules too, then names go by them.
/// </summary>
/// <remarks>Thread safe. Mapping a name allocates nothing, but for topics seen for the first time.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle to free.")]
public sealed class NameMapping
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly List<IRuleReader> _readers = [];
    private readonly TopicTextCache _topics = new();
    private RuleSet _rules;

    /// <summary>Begins with these rules.</summary>
    public NameMapping(RuleSet? rules = null) => _rules = rules ?? RuleSet.None;

    /// <summary>The rules in force.</summary>
    public RuleSet Rules => Volatile.Read(ref _rules);

    /// <summary>The default mapping of first levels.</summary>
    public TopicNameCache Defaults { get; } = new();

    /// <summary>
    /// Finds the RocketMQ topic of an MQTT topic name, and appends what the message needs beside it: tag, key, and the
    /// name itself when a rule took it.
    /// </summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>.</exception>
    public string Map(ReadOnlySpan<byte> name, ref PropertyTextWriter properties)
    {
        RuleSet rules = Rules;
        if (rules.Count > 0)
        {
            Span<Range> values = stackalloc Range[NamePattern.MaxLevels];
            if (rules.Find(name, values) is { } rule)
                return Apply(rule, name, values, ref properties);
        }

        string topic = Defaults.GetTopic(name);
        TopicMapping.WriteTag(name, ref properties);
        return topic;
    }

    /// <summary>The RocketMQ topic of an MQTT topic name, alone.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>.</exception>
    public string TopicOf(ReadOnlySpan<byte> name)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            return Map(name, ref properties);
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>The topics where messages may lie whose names a filter matches; null for all topics.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: no name can match the filter.</exception>
    public IReadOnlySet<string>? TopicsOf(ReadOnlySpan<byte> filter)
    {
        if (FilterSelection.TopicOf(filter, Defaults) is not { } topic || Rules.TopicsOf(filter) is not { } written)
            return null;
        return new HashSet<string>(written, StringComparer.Ordinal) { topic };
    }

    /// <summary>Has a reader asked before rules change, until the answer is disposed.</summary>
    public IDisposable Follow(IRuleReader reader)
    {
        lock (_gate)
            _readers.Add(reader);
        return new Following(this, reader);
    }

    /// <summary>Puts other rules in force: first all readers read what they need, then names go by the rules.</summary>
    public async Task ChangeAsync(RuleSet rules, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            IRuleReader[] readers;
            lock (_gate)
                readers = [.. _readers];
            foreach (IRuleReader reader in readers)
                await reader.PrepareAsync(rules, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _rules, rules);
        }
        finally
        {
            _changing.Release();
        }
    }

    private string Apply(CompiledRule rule, ReadOnlySpan<byte> name, ReadOnlySpan<Range> values, ref PropertyTextWriter properties)
    {
        if (name.ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd))
            throw new BridgeException(BridgeError.TopicInvalid, "The topic name has U+0001 or U+0002, which separate properties in the log.");
        string topic = rule.FixedTopic ?? MakeTopic(rule, name, values);
        Write(rule.Tag, PropertyNames.Tags, name, values, ref properties);
        Write(rule.Key, PropertyNames.Keys, name, values, ref properties);
        properties.Write(PropertyNames.MqttTopic, name);
        return topic;
    }

    private string MakeTopic(CompiledRule rule, ReadOnlySpan<byte> name, ReadOnlySpan<Range> values)
    {
        Span<byte> topic = stackalloc byte[TopicNames.MaxLength];
        int length = rule.Topic.WriteTopic(name, values, topic);
        return length > 0
            ? _topics.Get(topic[..length])
            : throw new BridgeException(
                BridgeError.TopicInvalid,
                $"The rule {rule.Name} makes a topic of more than {TopicNames.MaxLength} characters of this name.");
    }

    private static void Write(ValueTemplate template, ReadOnlySpan<byte> property, ReadOnlySpan<byte> name, ReadOnlySpan<Range> values, ref PropertyTextWriter properties)
    {
        if (template.IsEmpty)
            return;
        using var room = new ScratchBytes(template.MaxLength(name));
        int length = template.Write(name, values, room.Span);
        if (length > 0)
            properties.Write(property, room.Span[..length]);
    }

    private void Forget(IRuleReader reader)
    {
        lock (_gate)
            _readers.Remove(reader);
    }

    private sealed class Following(NameMapping mapping, IRuleReader reader) : IDisposable
    {
        public void Dispose() => mapping.Forget(reader);
    }

    /// <summary>Topics as strings; bounded, a topic beyond the limit takes the place of another one.</summary>
    private sealed class TopicTextCache
    {
        private readonly string?[] _slots = new string?[1024];

        public string Get(ReadOnlySpan<byte> topic)
        {
            ref string? slot = ref _slots[TopicMapping.OrderingHash(topic) & (_slots.Length - 1)];
            string? known = Volatile.Read(ref slot);
            if (known is not null && Ascii.Equals(topic, known))
                return known;
            string made = Encoding.ASCII.GetString(topic);
            Volatile.Write(ref slot, made);
            return made;
        }
    }
}
