using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class SubscriptionTreeTests
{
    // Section 4.7 of the specification, its examples and their borders.
    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player2", false)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sport/", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+", "a", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+/tennis/#", "sport/tennis", true)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    [InlineData("caf\u00E9", "cafe\u0301", false)]
    [InlineData("a/./b", "a/b", false)]
    [InlineData("Accounts payable", "Accounts payable", true)]
    [InlineData("/finance", "finance", false)]
    [InlineData("a/b", "a/b/", false)]
    [InlineData("#", "$SYS/uptime", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/uptime", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("$SYS/+", "$SYS/$x", true)]
    public void A_filter_matches_as_the_specification_says(string filter, string name, bool matches)
    {
        using var tree = new SubscriptionTree();
        tree.Add(Utf8(filter), Of(new Receiver()));
        Assert.Equal(matches ? 1 : 0, Match(tree, name).Count);
    }

    [Fact]
    public void Subscriptions_that_overlap_make_one_delivery_with_the_largest_QoS_and_all_identifiers()
    {
        using var tree = new SubscriptionTree();
        var receiver = new Receiver();
        tree.Add(Utf8("a/#"), Of(receiver, qos: 0, identifier: 7));
        tree.Add(Utf8("a/+"), Of(receiver, qos: 1, identifier: 0));
        tree.Add(Utf8("a/b"), Of(receiver, qos: 0, identifier: 9));
        tree.Add(Utf8("a/b"), Of(new Receiver()));
        MatchSet matches = Match(tree, "a/b");
        Assert.Equal(2, matches.Count);
        MatchSet.Matched match = Assert.Single(Enumerable.Range(0, 2).Select(i => matches[i]), m => m.Subscriber == receiver);
        Assert.Equal(1, match.Qos);
        var identifiers = new List<uint>();
        foreach (uint identifier in match.Identifiers)
            identifiers.Add(identifier);
        Assert.Equal([7u, 9u], identifiers.Order());
    }

    [Fact]
    public void The_same_filter_again_replaces_the_subscription()
    {
        using var tree = new SubscriptionTree();
        var receiver = new Receiver();
        Assert.Null(tree.Add("a/+"u8, Of(receiver, qos: 1)));
        Assert.NotNull(tree.Add("a/+"u8, Of(receiver, qos: 0)));
        Assert.Equal(1, tree.Count);
        Assert.Equal(0, Match(tree, "a/b")[0].Qos);
    }

    [Fact]
    public void No_local_leaves_out_what_the_client_itself_published()
    {
        using var tree = new SubscriptionTree();
        tree.Add("a"u8, Of(new Receiver(), noLocal: true));
        Assert.Equal(0, Match(tree, "a", "me").Count);
        Assert.Equal(1, Match(tree, "a", "other").Count);
        Assert.Equal(1, Match(tree, "a").Count);
    }

    [Theory]
    [InlineData("a/b/c")]
    [InlineData("a/+/c")]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("/")]
    public void A_removed_subscription_matches_no_more(string filter)
    {
        using var tree = new SubscriptionTree();
        var receiver = new Receiver();
        var other = new Receiver();
        tree.Add(Utf8(filter), Of(receiver));
        tree.Add(Utf8(filter), Of(other));
        Assert.NotNull(tree.Remove(Utf8(filter), receiver));
        Assert.Null(tree.Remove(Utf8(filter), receiver));
        Assert.Null(tree.Remove(Utf8(filter + "x"), other));
        Assert.Equal(1, tree.Count);
        Assert.Equal(1, Match(tree, filter.Replace('+', 'x').Replace("#", "b", StringComparison.Ordinal)).Count);
        Assert.NotNull(tree.Remove(Utf8(filter), other));
        Assert.Equal(0, tree.Count);
    }

    [Fact]
    public void Matching_allocates_nothing()
    {
        using var tree = new SubscriptionTree();
        for (int i = 0; i < 100; i++)
            tree.Add(Utf8(i % 2 == 0 ? "sensors/+/temp" : $"sensors/{i}/#"), Of(new Receiver()));
        var matches = new MatchSet();
        byte[] name = Utf8("sensors/7/temp").ToArray();
        Count(tree, name, matches);
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
                Count(tree, name, matches);
        }));
        Assert.Equal(51, matches.Count);
    }

    private static void Count(SubscriptionTree tree, byte[] name, MatchSet matches)
    {
        matches.Clear();
        tree.Match(name, default, matches);
    }

    private static MatchSet Match(SubscriptionTree tree, string name, string publisher = "")
    {
        var matches = new MatchSet();
        matches.Clear();
        tree.Match(Utf8(name), Utf8(publisher), matches);
        return matches;
    }

    private static Subscription Of(ISubscriber subscriber, byte qos = 1, bool noLocal = false, uint identifier = 0)
        => new(subscriber, qos, noLocal, false, identifier, null);

    private static ReadOnlySpan<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private sealed class Receiver : ISubscriber
    {
        public ReadOnlySpan<byte> ClientIdUtf8 => "me"u8;

        public MatchSlot MatchSlot { get; } = new();

        public void Offer(in Delivery delivery)
        {
        }
    }
}
