using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Tests.Support;
using static ProtoBridgeMQ.Tests.Unit.NameServer.NameServerKit;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

public sealed class BrokersThatCollide
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Of_two_with_one_id_the_newer_term_stays_and_the_later_of_equal_terms()
    {
        RouteTable table = Table(_clock);
        table.Register(OfTerm("h:1", 5), null);
        table.Register(OfTerm("h:2", 4), null);
        Assert.Equal("h:1", Assert.Single(table.FindRoute("t")!.Brokers).Addresses[0]);
        Assert.Null(table.VersionOf("cluster", "h:2"));
        table.Register(OfTerm("h:3", 5), null);
        Assert.Equal("h:3", Assert.Single(table.FindRoute("t")!.Brokers).Addresses[0]);
    }

    [Fact]
    public void A_broker_that_registers_under_another_name_leaves_nothing_behind()
    {
        RouteTable table = Table(_clock);
        table.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        table.Register(Registered("b", 0, "h:1", 1, "t", "v"), null);
        Assert.Equal(["b"], table.GetClusterInfo().Brokers.Keys);
        Assert.Null(table.FindRoute("u"));
    }

    [Fact]
    public void Those_who_remain_are_told_of_the_lowest_id_when_that_is_switched_on()
    {
        RouteTable table = Table(_clock, new NameServerOptions { NotifyMinBrokerIdChanged = true });
        var told = new List<MinBrokerIdChange>();
        table.MinBrokerIdChanged += told.Add;
        foreach (int id in (int[])[1, 2, 3])
        {
            table.Register(Registered("a", id, $"h:{id}", 1, "t", "u") with { EnableActingMaster = true }, null);
        }

        Assert.Empty(told);
        table.Register(Registered("a", 0, "h:0", 1, "t", "u") with { EnableActingMaster = true }, null);
        MinBrokerIdChange came = Assert.Single(told);
        Assert.Equal((0L, "h:0", null, "h:00"), (came.MinId, came.MinAddress, came.OfflineAddress, came.HaAddress));
        Assert.Equal(["h:1", "h:2", "h:3"], came.Recipients);
        table.Unregister("cluster", "h:0", "a");
        Assert.Equal((1L, "h:1", "h:0", null), (told[1].MinId, told[1].MinAddress, told[1].OfflineAddress, told[1].HaAddress));
        Assert.Equal(["h:1", "h:2", "h:3"], told[1].Recipients);
    }

    [Fact]
    public void Topics_that_a_registration_does_not_name_go_when_that_is_switched_on()
    {
        var options = new NameServerOptions();
        LiveSettings settings = Settings(options);
        RouteTable table = Table(_clock, options, settings);
        table.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        table.Register(Registered("b", 0, "h:2", 1, "u", "w"), null);
        table.Register(Registered("a", 0, "h:1", 2, "t", "v"), null);
        Assert.Equal(["a", "b"], table.FindRoute("u")!.Queues.Select(static queue => queue.BrokerName));
        settings.Update("deleteTopicWithBrokerRegistration=true");
        table.Register(Registered("a", 0, "h:1", 3, "t", "v"), null);
        Assert.Equal(["b"], table.FindRoute("u")!.Queues.Select(static queue => queue.BrokerName));
    }

    private static BrokerRegistration OfTerm(string address, long term)
    {
        BrokerRegistration registration = Registered("a", 0, address, 1, "t", "u");
        registration.Topics.Version = new DataVersion { Counter = 1, StateVersion = term };
        return registration;
    }
}
