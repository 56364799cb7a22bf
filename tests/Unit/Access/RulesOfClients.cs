using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Rules;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Unit.Access;

/// <summary>What rules say to a client.</summary>
public sealed class RulesOfClients
{
    [Theory]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/a", false)]
    [InlineData("+/a", "$SYS/a", false)]
    [InlineData("$SYS/#", "$SYS/a", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a", "a/b", false)]
    [InlineData("a/b", "a", false)]
    public void A_filter_matches_names_as_MQTT_says(string filter, string name, bool matches)
        => Assert.Equal(matches, TopicPatterns.Matches(Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes(name)));

    [Theory]
    [InlineData("a/#", "a/+/c", true)]
    [InlineData("a/#", "a/#", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a/+", "a/+", true)]
    [InlineData("a/b", "a/+", false)]
    [InlineData("a/#", "#", false)]
    [InlineData("#", "$SYS/#", false)]
    [InlineData("+/b", "#", false)]
    public void A_filter_covers_another_when_it_matches_all_of_it(string wide, string narrow, bool covers)
        => Assert.Equal(covers, TopicPatterns.Covers(Encoding.UTF8.GetBytes(wide), Encoding.UTF8.GetBytes(narrow)));

    [Theory]
    [InlineData("a/#", "a", true)]
    [InlineData("a/+", "+/b", true)]
    [InlineData("a/b", "+/c", false)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("a/+/c", "a/#", true)]
    public void Filters_overlap_when_some_name_is_matched_by_both(string one, string other, bool overlap)
    {
        Assert.Equal(overlap, TopicPatterns.Overlap(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other)));
        Assert.Equal(overlap, TopicPatterns.Overlap(Encoding.UTF8.GetBytes(other), Encoding.UTF8.GetBytes(one)));
    }

    [Fact]
    public void What_a_filter_covers_it_matches_name_by_name() => Seeded.Run(random =>
    {
        string[] levels = ["a", "b", "+", "#"];
        for (int i = 0; i < 5000; i++)
        {
            byte[] wide = Filter(random, levels);
            byte[] narrow = Filter(random, levels);
            bool all = true;
            bool some = false;
            foreach (byte[] name in Names())
            {
                bool inNarrow = TopicPatterns.Matches(narrow, name);
                bool inWide = TopicPatterns.Matches(wide, name);
                all &= !inNarrow || inWide;
                some |= inNarrow && inWide;
            }

            string both = $"{Encoding.UTF8.GetString(wide)} {Encoding.UTF8.GetString(narrow)}";
            Assert.True(!TopicPatterns.Covers(wide, narrow) || all, "covers: " + both);
            Assert.True(TopicPatterns.Overlap(wide, narrow) == some, "overlap: " + both);
        }
    });

    [Fact]
    public void The_first_rule_that_says_something_decides()
    {
        using AccessKit kit = new AccessKit().WithRules("""
            { "rules": [
              { "deny": ["publish", "subscribe"], "topics": ["site/secret/#"], "users": ["ada"] },
              { "name": "devices", "allow": ["publish"], "topics": ["site/#"] },
              { "allow": ["subscribe"], "groups": ["ops"], "topics": ["#"] } ] }
            """);
        ClientRights ada = kit.RightsOf("ada");
        ClientRights bob = kit.RightsOf("bob", "c", "ops");

        Assert.Equal(new Decision(false, "rule 1"), ada.MayPublish("site/secret/x"u8));
        Assert.Equal(new Decision(true, "rule 2 (devices)"), ada.MayPublish("site/x"u8));
        Assert.Equal(new Decision(false, "no rule"), ada.MayPublish("other"u8));
        Assert.True(bob.MayPublish("site/secret/x"u8).IsAllowed);
        Assert.False(ada.MaySubscribe("site/#"u8).IsAllowed);
        Assert.True(bob.MaySubscribe("site/#"u8).IsAllowed);
        Assert.False(bob.MaySubscribe("$SYS/#"u8).IsAllowed);
    }

    [Fact]
    public void A_filter_wider_than_what_is_allowed_is_refused_and_a_denied_part_is_left_out()
    {
        using AccessKit kit = new AccessKit().WithRules("""
            { "rules": [ { "deny": ["subscribe"], "topics": ["a/secret/#"] }, { "allow": ["subscribe"], "topics": ["a/#"] } ] }
            """);
        ClientRights rights = kit.RightsOf("ada");

        Assert.False(rights.MaySubscribe("#"u8).IsAllowed);
        Assert.True(rights.MaySubscribe("a/#"u8).IsAllowed);
        Assert.False(rights.MaySubscribe("a/secret/+"u8).IsAllowed);
        Assert.True(rights.MayReceive("a/b"u8));
        Assert.False(rights.MayReceive("a/secret/b"u8));
        // Where nothing can be left out for one reader, the whole is refused.
        Assert.False(rights.MayConsume("a/#"u8).IsAllowed);
        Assert.True(rights.MayConsume("a/b/#"u8).IsAllowed);
    }

    [Theory]
    [InlineData("dev-1", "ada", "devices/dev-1/ada/x", true)]
    [InlineData("dev-1", "ada", "devices/dev-2/ada/x", false)]
    [InlineData("+", "ada", "devices/dev-2/ada/x", false)]
    [InlineData("+", "ada", "devices/+/ada/x", false)]
    [InlineData("#", "ada", "devices/x/ada/x", false)]
    [InlineData("a/b", "ada", "devices/a/b/ada/x", false)]
    [InlineData("", "ada", "devices//ada/x", false)]
    [InlineData("%u", "ada", "devices/ada/ada/x", false)]
    [InlineData("%u", "ada", "devices/%u/ada/x", true)]
    [InlineData("dev-1", "a/b", "devices/dev-1/a/b/x", false)]
    public void Placeholders_cannot_be_injected(string clientId, string user, string topic, bool allowed)
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "allow": ["publish"], "topics": ["devices/%c/%u/#"] } ] }""");

        Assert.Equal(allowed, kit.RightsOf(user, clientId).MayPublish(Encoding.UTF8.GetBytes(topic)).IsAllowed);
    }

    [Fact]
    public void A_denying_placeholder_of_a_strange_name_denies_every_level()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "default": "allow", "rules": [ { "deny": ["publish"], "topics": ["private/%c"] } ] }""");

        Assert.False(kit.RightsOf("ada", "a/b").MayPublish("private/a"u8).IsAllowed);
        Assert.True(kit.RightsOf("ada", "a").MayPublish("private/b"u8).IsAllowed);
    }

    [Fact]
    public void A_denial_of_everything_means_the_servers_own_names_too()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "default": "allow", "rules": [ { "deny": ["subscribe"], "users": ["ada"] } ] }""");

        Assert.False(kit.RightsOf("ada").MaySubscribe("$SYS/#"u8).IsAllowed);
        Assert.True(kit.RightsOf("bob").MaySubscribe("$SYS/#"u8).IsAllowed);
    }

    [Theory]
    [InlineData("ada", "ada-1", true)]
    [InlineData("ada", "bob-1", false)]
    [InlineData("ada", "gateway-7-x", true)]
    [InlineData("ada", "gateway-x", false)]
    public void A_client_identifier_may_be_bound_to_its_user(string user, string clientId, bool allowed)
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "allow": ["connect"], "clients": ["%u-*", "gateway-*-x"] } ] }""");

        Assert.Equal(allowed, kit.RightsOf(user, clientId).MayConnect.IsAllowed);
    }

    [Fact]
    public void Rules_for_anonymous_clients_are_for_no_others()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "allow": ["publish"], "anonymous": true, "topics": ["public/#"] }, { "allow": ["publish"], "users": ["*"], "topics": ["users/#"] } ] }""");
        ClientRights nobody = kit.Control.RightsOf(Identity.Anonymous, "c");

        Assert.True(nobody.MayPublish("public/a"u8).IsAllowed);
        Assert.False(nobody.MayPublish("users/a"u8).IsAllowed);
        Assert.False(kit.RightsOf("ada").MayPublish("public/a"u8).IsAllowed);
        Assert.True(kit.RightsOf("ada").MayPublish("users/a"u8).IsAllowed);
    }

    [Fact]
    public void Deciding_allocates_nothing()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "deny": ["publish"], "topics": ["x/+/y"] }, { "allow": ["publish"], "topics": ["devices/%c/#"] } ] }""");
        ClientRights rights = kit.RightsOf("ada", "dev-1");

        Assert.Equal(0, Allocations.Least(() => rights.MayPublish("devices/dev-1/temp"u8)));
    }

    private static byte[] Filter(Random random, string[] levels)
    {
        int count = random.Next(1, 4);
        List<string> chosen = [];
        for (int i = 0; i < count; i++)
        {
            chosen.Add(levels[random.Next(levels.Length)]);
            if (chosen[^1] == "#")
            {
                break;
            }
        }

        return Encoding.UTF8.GetBytes(string.Join('/', chosen));
    }

    private static IEnumerable<byte[]> Names()
    {
        string[] levels = ["a", "b", "c"];
        foreach (string one in levels)
        {
            yield return Encoding.UTF8.GetBytes(one);
            foreach (string two in levels)
            {
                yield return Encoding.UTF8.GetBytes($"{one}/{two}");
                foreach (string three in levels)
                {
                    yield return Encoding.UTF8.GetBytes($"{one}/{two}/{three}");
                    yield return Encoding.UTF8.GetBytes($"{one}/{two}/{three}/c");
                }
            }
        }
    }
}
