namespace ProtoBridgeMQ.Bridge.Access.Rules;

/// <summary>All rules, in their order: the first that says something decides.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class RuleSet(IReadOnlyList<AccessRule> rules, bool allowsByDefault)
{
    private static readonly byte[][] Everything = ["#"u8.ToArray()];

    /// <summary>Without a rules file: whoever was let in may do everything.</summary>
    public static RuleSet AllowAll { get; } = new([], allowsByDefault: true);

    /// <summary>How many rules there are.</summary>
    public int Count => rules.Count;

    /// <summary>What of the rules concerns this client, with its names filled in.</summary>
    public CompiledRules Compile(string user, IReadOnlyList<string> groups, bool isAnonymous, string clientId)
    {
        List<CompiledRule> publish = [];
        List<CompiledRule> subscribe = [];
        List<CompiledRule> manage = [];
        Decision? connect = null;
        foreach (AccessRule rule in rules)
        {
            if (!rule.IsFor(user, groups, isAnonymous, clientId))
            {
                continue;
            }

            if (rule.Actions.HasFlag(AccessAction.Connect))
            {
                connect ??= new Decision(rule.IsAllow, rule.Name);
            }

            foreach (byte[] filter in FiltersOf(rule, clientId, user))
            {
                var compiled = new CompiledRule(rule.IsAllow, filter, rule.Name);
                Add(publish, rule, AccessAction.Publish, compiled);
                Add(subscribe, rule, AccessAction.Subscribe, compiled);
                Add(manage, rule, AccessAction.Manage, compiled);
            }
        }

        // Only who has a connect rule of its own kind is held to it: without any, every client identifier is free.
        bool connectByDefault = allowsByDefault || !rules.Any(rule => rule.IsAllow && rule.Actions.HasFlag(AccessAction.Connect));
        return new CompiledRules([.. publish], [.. subscribe], [.. manage], connect ?? new Decision(connectByDefault, CompiledRules.NoRule), allowsByDefault);
    }

    private static void Add(List<CompiledRule> list, AccessRule rule, AccessAction action, CompiledRule compiled)
    {
        if (rule.Actions.HasFlag(action))
        {
            list.Add(compiled);
        }
    }

    private static IEnumerable<byte[]> FiltersOf(AccessRule rule, string clientId, string user)
    {
        return rule.Topics.Count == 0 ? Everything : rule.Topics.Select(topic => topic.Fill(clientId, user, rule.IsAllow)).OfType<byte[]>();
    }
}

/// <summary>A rule for one client.</summary>
internal readonly record struct CompiledRule(bool IsAllow, byte[] Filter, string Name);

/// <summary>The rules of one client, by action. Deciding walks an array and allocates nothing.</summary>
internal sealed class CompiledRules(CompiledRule[] publish, CompiledRule[] subscribe, CompiledRule[] manage, Decision connect, bool allowsByDefault)
{
    /// <summary>What decided when nothing did.</summary>
    public const string NoRule = "no rule";

    /// <summary>For a user that is not there any more.</summary>
    public static CompiledRules Nothing { get; } = new([], [], [], new Decision(false, "unknown user"), allowsByDefault: false);

    /// <summary>Whether it may connect under its client identifier.</summary>
    public Decision Connect => connect;

    /// <summary>Whether every name may be received, so that none needs to be looked at.</summary>
    public bool ReceivesAll { get; } = subscribe.Length == 0 && allowsByDefault;

    /// <summary>Whether a topic name may be published to.</summary>
    public Decision Publish(ReadOnlySpan<byte> topic) => OfName(publish, topic);

    /// <summary>Whether a message of that name may be sent to it.</summary>
    public Decision Receive(ReadOnlySpan<byte> topic) => OfName(subscribe, topic);

    /// <summary>Whether a filter may be subscribed to.</summary>
    public Decision Subscribe(ReadOnlySpan<byte> filter) => OfFilter(subscribe, filter, isWhole: false);

    /// <summary>Whether all that a filter matches may be received.</summary>
    public Decision Consume(ReadOnlySpan<byte> filter) => OfFilter(subscribe, filter, isWhole: true);

    /// <summary>Whether what a filter names may be managed.</summary>
    public Decision Manage(ReadOnlySpan<byte> filter) => OfFilter(manage, filter, isWhole: true);

    private Decision OfName(CompiledRule[] rules, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly CompiledRule rule in rules.AsSpan())
        {
            // A denying wildcard means the server's own names, too; an allowing one does not.
            if (TopicPatterns.Matches(rule.Filter, name, reserved: !rule.IsAllow))
            {
                return new Decision(rule.IsAllow, rule.Name);
            }
        }

        return new Decision(allowsByDefault, NoRule);
    }

    /// <summary>
    /// A filter is allowed when one rule allows all of it, and denied when one before it denies all of it, or a part of
    /// what must be whole. Otherwise the part is left out when messages are sent.
    /// </summary>
    private Decision OfFilter(CompiledRule[] rules, ReadOnlySpan<byte> filter, bool isWhole)
    {
        foreach (ref readonly CompiledRule rule in rules.AsSpan())
        {
            bool decides = TopicPatterns.Covers(rule.Filter, filter, reserved: !rule.IsAllow)
                || (isWhole && !rule.IsAllow && TopicPatterns.Overlap(rule.Filter, filter));
            if (decides)
            {
                return new Decision(rule.IsAllow, rule.Name);
            }
        }

        return new Decision(allowsByDefault, NoRule);
    }
}
