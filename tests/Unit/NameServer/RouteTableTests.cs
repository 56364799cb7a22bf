using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;
using static ProtoBridgeMQ.Tests.Unit.NameServer.NameServerKit;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

public sealed class RouteTableTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void A_topic_on_two_brokers_has_both_in_its_route()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t", "only-a"), null);
        table.Register(Registered("b", 0, "h:2", 1, "t"), null);
        var route = table.FindRoute("t")!;
        Assert.Equal(["a", "b"], route.Queues.Select(queue => queue.BrokerName));
        Assert.Equal(["h:1", "h:2"], route.Brokers.Select(broker => broker.Addresses[0]));
        Assert.Equal("a", Assert.Single(table.FindRoute("only-a")!.Brokers).BrokerName);
        Assert.Null(table.FindRoute("nobody's"));
        Assert.Equal(["a", "b"], table.GetClusterInfo().Clusters["cluster"]);
        Assert.Equal(["only-a", "self", "t"], table.GetTopics().Topics.Order());
    }

    [Fact]
    public void A_silent_broker_is_removed_and_one_that_sends_heartbeats_stays()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t"), null);
        table.Register(Registered("b", 0, "h:2", 1, "t"), null);
        _clock.Advance(TimeSpan.FromSeconds(100));
        Assert.True(table.Touch("cluster", "h:2"));
        _clock.Advance(TimeSpan.FromSeconds(21));
        table.RemoveSilent();
        Assert.Equal("b", Assert.Single(table.FindRoute("t")!.Brokers).BrokerName);
        Assert.False(table.Touch("cluster", "h:1"));
        _clock.Advance(TimeSpan.FromSeconds(121));
        table.RemoveSilent();
        Assert.Null(table.FindRoute("t"));
        Assert.Empty(table.GetClusterInfo().Clusters);
    }

    [Fact]
    public void A_broker_may_name_its_own_time_within_the_limit()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t") with { Timeout = TimeSpan.FromSeconds(10) }, null);
        table.Register(Registered("b", 0, "h:2", 1, "t") with { Timeout = TimeSpan.FromDays(365) }, null);
        _clock.Advance(TimeSpan.FromSeconds(11));
        table.RemoveSilent();
        Assert.Equal("b", Assert.Single(table.FindRoute("t")!.Brokers).BrokerName);
        _clock.Advance(TimeSpan.FromMinutes(11));
        table.RemoveSilent();
        Assert.Null(table.FindRoute("t"));
    }

    [Fact]
    public void A_closed_connection_removes_its_broker_but_not_one_that_registered_again_elsewhere()
    {
        var table = Table(_clock);
        object first = new(), second = new();
        table.Register(Registered("a", 0, "h:1", 1, "t"), first);
        table.Register(Registered("a", 0, "h:1", 1, "t"), second);
        table.RemoveByConnection(first);
        Assert.NotNull(table.FindRoute("t"));
        table.RemoveByConnection(second);
        Assert.Null(table.FindRoute("t"));
    }

    [Fact]
    public void A_replica_is_told_its_master_and_adds_no_topics()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t"), null);
        var result = table.Register(Registered("a", 1, "h:2", 1, "t", "replica-only"), null);
        Assert.Equal(("h:1", "h:10"), (result.MasterAddress, result.HaAddress));
        Assert.Equal(["h:1", "h:2"], Assert.Single(table.FindRoute("t")!.Brokers).Addresses.Values);
        Assert.Null(table.FindRoute("replica-only"));
        table.Unregister("cluster", "h:1", "a");
        Assert.Equal("h:2", Assert.Single(table.FindRoute("t")!.Brokers).Addresses[1]);
    }

    [Fact]
    public void An_address_has_one_broker_id()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 1, "h:1", 1, "t"), null);
        table.Register(Registered("a", 0, "h:1", 2, "t"), null);
        Assert.Equal([0L], Assert.Single(table.FindRoute("t")!.Brokers).Addresses.Keys);
    }

    [Fact]
    public void A_registration_with_one_changed_topic_keeps_the_others()
    {
        var table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        var changed = Topics(2, "t");
        changed.Topics["t"] = changed.Topics["t"] with { WriteQueues = 8 };
        table.Register(Registered("a", 0, "h:1", 2) with { Topics = changed }, null);
        Assert.Equal(8, Assert.Single(table.FindRoute("t")!.Queues).WriteQueues);
        Assert.NotNull(table.FindRoute("u"));
        Assert.Equal(new DataVersion { Counter = 2 }, table.VersionOf("cluster", "h:1"));
    }

    [Fact]
    public void Limits_refuse_brokers_and_topics()
    {
        var table = Table(_clock, new NameServerOptions { MaxBrokers = 1, MaxTopics = 2 });
        table.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        Assert.Equal(ResponseCode.SystemBusy, Assert.Throws<RemotingException>(() => table.Register(Registered("b", 0, "h:2", 1, "t"), null)).Code);
        Assert.Throws<RemotingException>(() => table.Register(Registered("a", 0, "h:1", 2, "v"), null));
        table.Register(Registered("a", 0, "h:1", 3, "t", "u"), null);
    }
}
