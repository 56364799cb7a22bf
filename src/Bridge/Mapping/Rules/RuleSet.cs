using System.Text;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>The mapping rules in force: the first that takes a name wins; what none takes has the default mapping.</summary>
/// <remarks>Immutable.</remarks>
public sealed class RuleSet
{
    /// <summary>Rules, at most: a name is compared with one after the other.</summary>
    public const int MaxRules = 256;

    private readonly CompiledRule[] _rules;

    private RuleSet(CompiledRule[] rules)
    {
        _rules = rules;
        bool isAny = rules.Any(rule => rule.FixedTopic is null);
        Topics = isAny ? null : rules.Select(rule => rule.FixedTopic!).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>No rules.</summary>
    public static RuleSet None { get; } = new([]);

    /// <summary>How many rules there are.</summary>
    public int Count => _rules.Length;

    /// <summary>The rules as they were written.</summary>
    public IReadOnlyList<MappingRule> Rules => [.. _rules.Select(rule => rule.Source)];

    /// <summary>The RocketMQ topics that rules write to; null when they may be any.</summary>
    public IReadOnlySet<string>? Topics { get; }

    internal ReadOnlySpan<CompiledRule> All => _rules;

    /// <summary>Reads rules.</summary>
    /// <param name="rules">In the order in which they are tried.</param>
    /// <param name="set">The rules, when nothing is wrong.</param>
    /// <returns>What is wrong, a sentence each; empty when nothing is.</returns>
    public static IReadOnlyList<string> TryRead(IReadOnlyList<MappingRule> rules, out RuleSet? set)
    {
        set = null;
        if (rules.Count > MaxRules)
            return [$"there are {rules.Count} rules; at most {MaxRules} are possible"];
        List<string> wrong = [];
        List<CompiledRule> read = [];
        for (int i = 0; i < rules.Count; i++)
        {
            if (CompiledRule.TryRead(rules[i], i + 1, out CompiledRule? rule) is { } error)
                wrong.Add(error);
            else
                read.Add(rule!);
        }

        if (wrong.Count == 0)
            wrong.AddRange(RuleChecks.Find(read));
        if (wrong.Count == 0)
            set = new RuleSet([.. read]);
        return wrong;
    }

    /// <summary>Whether messages of that topic may have other names than those of the default mapping.</summary>
    public bool MayWriteTo(string topic) => _rules.Length > 0 && (Topics is null || Topics.Contains(topic));

    /// <summary>The topics where rules may have put messages whose names a filter matches; null when they may be any.</summary>
    public IReadOnlySet<string>? TopicsOf(ReadOnlySpan<byte> filter)
    {
        var topics = new HashSet<string>(StringComparer.Ordinal);
        if (_rules.Length == 0)
            return topics;
        LevelShape shape = LevelShape.OfFilter(filter);
        foreach (CompiledRule rule in _rules)
        {
            if (!shape.Meets(rule.Pattern.Shape))
                continue;
            if (rule.FixedTopic is null)
                return null;
            topics.Add(rule.FixedTopic);
        }

        return topics;
    }

    /// <summary>The rule that takes a name; null when none does.</summary>
    internal CompiledRule? Find(ReadOnlySpan<byte> name, Span<Range> values)
    {
        foreach (CompiledRule rule in _rules)
        {
            if (rule.Pattern.TryMatch(name, values))
                return rule;
        }

        return null;
    }

    /// <summary>For logs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (CompiledRule rule in _rules)
            text.Append(text.Length == 0 ? string.Empty : ", ").Append(rule.Name);
        return text.ToString();
    }
}
