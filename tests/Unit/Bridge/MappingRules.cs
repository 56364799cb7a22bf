using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

public sealed class MappingRules
{
    private static readonly MappingRule Telemetry = new("telemetry", "{site}/{device}/telemetry/{metric}", "telemetry", "{metric}", "{device}");
    private static readonly MappingRule Alarms = new("alarms", "{site}/alarms/{rest*}", "alarms-{site}", "{rest}", "{site}");

    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly Gen<string> Level = Gen.Elements("a", "b", "telemetry", "alarms", "é", "x y", "%41", "$x", "", "{z}");

    [Theory]
    [InlineData("s1/d7/telemetry/temp", "telemetry", "temp", "d7")]
    [InlineData("s1/d7/telemetry/", "s1", "d7/telemetry/", null)]
    [InlineData("s1/d7/telemetry/a/b", "s1", "d7/telemetry/a/b", null)]
    [InlineData("s1/d7/telemetry", "s1", "d7/telemetry", null)]
    [InlineData("/d7/telemetry/temp", "%00", "d7/telemetry/temp", null)]
    [InlineData("$s/d7/telemetry/temp", "%24s", "d7/telemetry/temp", null)]
    [InlineData("s1/alarms/fire/hall", "alarms-s1", "fire/hall", "s1")]
    [InlineData("s1/alarms/fire", "alarms-s1", "fire", "s1")]
    [InlineData("s1/alarms/", "s1", "alarms/", null)]
    [InlineData("s1/alarms", "s1", "alarms", null)]
    [InlineData("é/alarms/x", "alarms-%C3%A9", "x", "é")]
    // Both take it: the first one wins.
    [InlineData("s1/alarms/telemetry/x", "telemetry", "x", "alarms")]
    public void The_first_rule_that_takes_a_name_says_topic_tag_and_key(string name, string topic, string? tag, string? key)
    {
        NameMapping mapping = Mapping(Telemetry, Alarms);
        (string mapped, MessageProperties properties) = Map(mapping, name);
        Assert.Equal((topic, tag, key), (mapped, properties.GetString(PropertyNames.Tags), properties.GetString(PropertyNames.Keys)));
        Assert.Equal(name, NameOf(mapped, properties));
        MappingAnswer tried = MappingTrial.OfName(mapping, name);
        Assert.Equal((name, topic, tag, key), (tried.MqttTopic, tried.Topic, tried.Tag, tried.Key));
    }

    [Fact]
    public void Whatever_a_rule_makes_of_a_name_it_is_delivered_under_that_name_and_its_topic_is_possible()
    {
        NameMapping mapping = Mapping(
            Telemetry,
            Alarms,
            new MappingRule("two", "{a}/{b}", "pre-{b}-{a}", "x{a}y", string.Empty),
            new MappingRule("all", "{a}/{b}/{c}/{rest*}", "{b}", "{rest}", "{a}-{c}"));
        Gen<string> names = Level.ListOf().Select(levels => string.Join('/', levels)).Where(name => MqttTopicName.IsValid(Encoding.UTF8.GetBytes(name)) && !name.StartsWith("$rmq", StringComparison.Ordinal));
        Prop.ForAll(names.ToArbitrary(), name =>
        {
            (string topic, MessageProperties properties) = Map(mapping, name);
            return NameOf(topic, properties) == name && TopicNames.IsValid(topic);
        }).Check(Many);
    }

    [Fact]
    public void A_filter_reads_every_topic_where_a_name_that_it_matches_may_be()
    {
        NameMapping mapping = Mapping(Telemetry, Alarms with { Topic = "alarms" }, new MappingRule("x", "a/b/{rest*}", "x"));
        Gen<string> filters = Gen.OneOf(Level.Where(level => !level.StartsWith('$')), Gen.Elements("+")).ListOf()
            .SelectMany(levels => Gen.Elements(string.Join('/', levels), string.Join('/', levels.Append("#"))))
            .Where(filter => filter.Length > 0);
        Gen<string> names = Level.ListOf().Select(levels => string.Join('/', levels)).Where(name => name.Length > 0);
        Prop.ForAll(filters.ToArbitrary(), names.ToArbitrary(), (filter, name) =>
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(filter);
            return !TopicFilter.Matches(utf8, Encoding.UTF8.GetBytes(name))
                || mapping.TopicsOf(utf8) is not { } topics
                || topics.Contains(Map(mapping, name).Topic);
        }).Check(Many);
    }

    [Theory]
    [InlineData("s1/+/telemetry/temp", "s1,alarms,telemetry")]
    [InlineData("s1/#", "s1,alarms,telemetry")]
    [InlineData("s1/d/other/#", "s1")]
    [InlineData("s1/alarms/#", "s1,alarms,telemetry")]
    [InlineData("s1", "s1")]
    [InlineData("+/d/telemetry/x", null)]
    public void The_topics_of_a_filter_are_its_own_and_those_of_rules_that_may_take_its_names(string filter, string? topics)
    {
        IReadOnlySet<string>? found = Mapping(Telemetry, Alarms with { Topic = "alarms" }).TopicsOf(Encoding.UTF8.GetBytes(filter));
        Assert.Equal(topics, found is null ? null : string.Join(',', found.OrderBy(topic => topic != "s1").ThenBy(topic => topic, StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("", "t", "", "", "rule 1: mqtt is missing")]
    [InlineData("a/+", "t", "", "", "wildcard")]
    [InlineData("$rmq/{a}", "t", "", "", "begins with $")]
    [InlineData("{a}/{a}", "t", "", "", "the variable a is there twice")]
    [InlineData("{a*}/b", "t", "", "", "must be the last level")]
    [InlineData("x{a}/b", "t", "", "", "neither text nor one variable")]
    [InlineData("{}/b", "t", "", "", "neither text nor one variable")]
    [InlineData("{a}/b", "", "", "", "topic is missing")]
    [InlineData("{a}/b", "t.u", "", "", "topic: RocketMQ allows")]
    [InlineData("{a}/b", "%RETRY%{a}", "", "", "retries and dead letters")]
    [InlineData("{a}/b", "t", "{c}", "", "tag: the variable c is not in mqtt, which has a")]
    [InlineData("a/b", "t", "", "{c}", "key: the variable c is not in mqtt, which has none")]
    [InlineData("{a}/b", "t", "{a", "", "tag: a brace belongs to a variable")]
    [InlineData("{a}/b", "t", "", "a}", "key: a brace belongs to a variable")]
    public void A_rule_that_cannot_work_is_refused_with_its_reason(string mqtt, string topic, string tag, string key, string reason)
    {
        string wrong = Assert.Single(RuleSet.TryRead([new MappingRule(string.Empty, mqtt, topic, tag, key)], out RuleSet? rules));
        Assert.Null(rules);
        Assert.Contains(reason, wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{a}/{b*}", "x/y")]
    [InlineData("{a}/{b}", "{c}/{d}")]
    [InlineData("{a}/{b*}", "{a}/x/{c*}")]
    [InlineData("{a}/x", "y/x")]
    public void A_rule_that_no_name_ever_reaches_is_refused(string first, string second)
    {
        string wrong = Assert.Single(RuleSet.TryRead([new("one", first, "t"), new("two", second, "u")], out _));
        Assert.Contains("rule two: no name ever reaches it, because rule one", wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{a}/x", "{a}/{b}")]
    [InlineData("{a}/{b}", "{a}/{b}/{c}")]
    [InlineData("{a}/{b}", "{a}/")]
    [InlineData("x/{b}", "{a}/y")]
    public void A_rule_that_some_name_reaches_is_taken(string first, string second)
        => Assert.Empty(RuleSet.TryRead([new("one", first, "t"), new("two", second, "u")], out _));

    [Fact]
    public void Rules_that_lead_in_a_circle_are_refused()
    {
        string wrong = Assert.Single(RuleSet.TryRead([new("one", "a/{x}", "b", "{x}"), new("two", "b/{x}", "c", "{x}"), new("three", "c/{x}", "a", "{x}")], out _));
        Assert.Contains("rules one, two, three: a cycle", wrong, StringComparison.Ordinal);
        // A chain is none, and neither is a rule that stays in its topic.
        Assert.Empty(RuleSet.TryRead([new("one", "a/{x}", "b", "{x}"), new("two", "b/{x}", "c", "{x}"), new("self", "d/{x}", "d", "{x}", "{x}")], out _));
    }

    [Fact]
    public void Two_rules_of_one_name_and_too_many_rules_are_refused()
    {
        Assert.Contains("the name is there 2 times", Assert.Single(RuleSet.TryRead([new("n", "a/{x}", "b"), new("n", "b/{x}/c", "c")], out _)), StringComparison.Ordinal);
        Assert.Contains("at most 256", Assert.Single(RuleSet.TryRead([.. Enumerable.Range(0, 257).Select(i => new MappingRule($"{i}", $"a{i}/x", "t"))], out _)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_that_gets_too_long_is_refused()
    {
        NameMapping mapping = Mapping(new MappingRule("long", "{a}/x", "t-{a}"));
        Assert.Equal("t-" + new string('a', 125), Map(mapping, new string('a', 125) + "/x").Topic);
        BridgeException refusal = Assert.Throws<BridgeException>(() => Map(mapping, new string('a', 126) + "/x"));
        Assert.Equal(BridgeError.TopicInvalid, refusal.Error);
        Assert.Throws<BridgeException>(() => Map(mapping, "a\u0001/x"));
    }

    [Fact]
    public async Task Readers_are_asked_before_other_rules_come_into_force()
    {
        NameMapping mapping = Mapping();
        var reader = new Reader(mapping);
        using (mapping.Follow(reader))
        {
            RuleSet.TryRead([Telemetry], out RuleSet? rules);
            await mapping.ChangeAsync(rules!);
        }

        await mapping.ChangeAsync(RuleSet.None);
        Assert.Equal(["asked for telemetry while 0 rules were in force"], reader.Told);
    }

    [Theory]
    [InlineData("workers", "workers")]
    [InlineData("küche", "k%C3%BCche")]
    [InlineData("k%C3%BCche", "k%25C3%25BCche")]
    [InlineData("ns%group|x", "ns%group|x")]
    [InlineData("a b", "a%20b")]
    public void A_share_name_is_a_group_and_back(string name, string group)
    {
        Assert.Equal(group, ShareName.ToGroup(Encoding.UTF8.GetBytes(name)));
        Assert.Equal(name, ShareName.FromGroup(group));
    }

    [Fact]
    public void Every_share_name_has_one_group_and_comes_back()
    {
        Gen<string> names = Gen.Elements("a", "%", "2", "5", "C", "3", "|", "é", " ", "_", "$", ".").NonEmptyListOf().Select(parts => string.Concat(parts))
            .Where(name => name.Length < 40);
        Prop.ForAll(names.ToArbitrary(), name =>
        {
            string group = ShareName.ToGroup(Encoding.UTF8.GetBytes(name));
            return TopicNames.IsValidGroup(group) && ShareName.FromGroup(group) == name;
        }).Check(Many);
    }

    [Theory]
    [InlineData("jobs/#", "*", false)]
    [InlineData("#", "*", false)]
    [InlineData("+/#", "*", false)]
    [InlineData("jobs/x/y", "x/y", false)]
    [InlineData("+/x", "x", false)]
    [InlineData("jobs/", "%", false)]
    [InlineData("jobs", "*", true)]
    [InlineData("jobs/+", "*", true)]
    [InlineData("jobs/a||b", "*", true)]
    [InlineData("jobs/ a", "*", true)]
    [InlineData("jobs/*", "*", true)]
    [InlineData("$rmq/a|b/#", "*", true)]
    public void What_a_filter_leaves_of_a_topic_is_said_by_tags_where_that_is_the_same(string filter, string tags, bool byNames)
    {
        var names = new NameFilter(Encoding.UTF8.GetBytes(filter), _ => false);
        var reduced = names.On("jobs");
        Assert.Equal((tags, byNames), (reduced.Tags.Text, reduced.Names is not null));
        Assert.NotNull(new NameFilter(Encoding.UTF8.GetBytes(filter), _ => true).On("jobs").Names);
    }

    [Fact]
    public void A_trial_in_the_other_direction_says_the_name_by_topic_and_tag()
    {
        NameMapping mapping = Mapping(Telemetry);
        MappingAnswer answer = MappingTrial.OfTopic(mapping, "telemetry", "temp", "d7");
        Assert.Equal(("telemetry/temp", "telemetry", "temp", "d7", null), (answer.MqttTopic, answer.Topic, answer.Tag, answer.Key, answer.Rule));
        Assert.Contains("Rules write to this topic, too", answer.Why, StringComparison.Ordinal);
        Assert.Throws<BridgeException>(() => MappingTrial.OfTopic(mapping, "a.b", null, null));
        Assert.Throws<BridgeException>(() => MappingTrial.OfName(mapping, "a/#"));
    }

    private static NameMapping Mapping(params MappingRule[] rules)
    {
        Assert.Empty(RuleSet.TryRead(rules, out RuleSet? set));
        return new NameMapping(set);
    }

    private static (string Topic, MessageProperties Properties) Map(NameMapping mapping, string name)
    {
        var writer = default(PropertyTextWriter);
        string topic = mapping.Map(Encoding.UTF8.GetBytes(name), ref writer);
        var properties = new MessageProperties(writer.Written.Text.ToArray());
        writer.Dispose();
        return (topic, properties);
    }

    private static string NameOf(string topic, MessageProperties properties)
    {
        byte[] name = new byte[MqttTopicName.MaxLength];
        properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
        properties.TryGet(PropertyNames.MqttTopic, out ReadOnlySpan<byte> kept);
        return Encoding.UTF8.GetString(name, 0, TopicMapping.WriteName(topic, tag, kept, name));
    }

    private sealed class Reader(NameMapping mapping) : IRuleReader
    {
        public List<string> Told { get; } = [];

        public ValueTask PrepareAsync(RuleSet next, CancellationToken cancellationToken)
        {
            Told.Add($"asked for {string.Join(',', next.Topics!)} while {mapping.Rules.Count} rules were in force");
            return ValueTask.CompletedTask;
        }
    }
}
