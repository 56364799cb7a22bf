using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Sys;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class SysTopicTests
{
    [Fact]
    public async Task A_subscriber_gets_the_present_values_as_retained_and_changes_on_the_interval()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SysInterval = TimeSpan.FromSeconds(10));
        MqttWire wire = await host.Connect311Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("$SYS/broker/clients/connected", 2), ("$SYS/broker/uptime", 0)));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal("PUBLISH dup=0 qos=0 retain=1 topic=$SYS/broker/clients/connected id=0 props={} payload=31", await wire.ReadTextAsync());
        Assert.EndsWith("topic=$SYS/broker/uptime id=0 props={} payload=" + Hex("0 seconds"), await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
        await host.Connect311Async("another");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        string[] changed = [await wire.ReadTextAsync(), await wire.ReadTextAsync()];
        Assert.Equal(
            [
                "PUBLISH dup=0 qos=0 retain=0 topic=$SYS/broker/clients/connected id=0 props={} payload=32",
                "PUBLISH dup=0 qos=0 retain=0 topic=$SYS/broker/uptime id=0 props={} payload=" + Hex("10 seconds"),
            ],
            changed.Order(StringComparer.Ordinal));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("uptime", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_wildcard_in_the_first_level_does_not_match_them()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SysInterval = TimeSpan.FromSeconds(1));
        MqttWire wire = await host.Connect311Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("#", 1), ("+/broker/version", 1)));
        await wire.ReadTextAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task All_of_them_can_be_had_by_one_filter_and_have_the_names_that_operators_know()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 9), ("$SYS/#", 0)));
        await wire.ReadTextAsync();
        var names = new List<string>();
        for (string text = await wire.ReadTextAsync(); ; text = await wire.ReadTextAsync())
        {
            Assert.Contains("props={SubscriptionIdentifier=9}", text, StringComparison.Ordinal);
            names.Add(text.Split("topic=")[1].Split(" id=")[0]);
            if (names.Contains("$SYS/brokers/protobridge@127.0.0.1/version"))
                break;
        }

        Assert.Superset(
            new HashSet<string>
            {
                "$SYS/broker/version", "$SYS/broker/uptime", "$SYS/broker/clients/total", "$SYS/broker/messages/received", "$SYS/broker/bytes/sent",
                "$SYS/broker/subscriptions/count", "$SYS/broker/retained messages/count", "$SYS/broker/load/messages/received/15min",
            },
            names.ToHashSet());
    }

    [Fact]
    public async Task They_can_be_switched_off_and_nobody_else_publishes_them()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SysInterval = TimeSpan.Zero);
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("$SYS/#", 0)));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
        await wire.SendAsync(Packets.Publish("$SYS/broker/version", "mine", qos: 1, id: 1, retain: true));
        Assert.StartsWith("PUBACK id=1 reason=144", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_load_average_goes_to_the_rate_of_a_minute()
    {
        var load = new LoadAverage();
        for (int i = 1; i <= 600; i++)
            load.Update(i * 10, TimeSpan.FromSeconds(10));
        Assert.Equal(60, load.Averages[0], 0.01);
        Assert.Equal(60, load.Averages[1], 0.1);
        Assert.InRange(load.Averages[2], 59, 60);
        load.Update(6000, TimeSpan.FromMinutes(1));
        Assert.Equal(60 / Math.E, load.Averages[0], 0.1);
    }

    [Fact]
    public async Task Response_information_is_given_to_who_asks()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.ResponseInformation = "answers/%c");
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("c1", 5, p => p.Add(PropertyId.RequestResponseInformation, 1)));
        Assert.Contains("ResponseInformation=answers/c1", await wire.ReadTextAsync(), StringComparison.Ordinal);
        MqttWire silent = host.Open();
        await silent.SendAsync(Packets.Connect("c2", 5));
        Assert.DoesNotContain("ResponseInformation", await silent.ReadTextAsync(), StringComparison.Ordinal);
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text));
}
