using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class MappingRuleTests
{
    private static readonly MappingRule Telemetry = new("telemetry", "{site}/{device}/telemetry/{metric}", "telemetry", "{metric}", "{device}");

    [Fact]
    public async Task A_message_goes_where_its_rule_says_and_is_delivered_under_its_own_name()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        await host.Mapping.ChangeAsync(Rules(Telemetry));
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("s1/+/telemetry/#", 1)));
        await wire.ExpectAsync("90 04 00 01 00 01");
        await wire.SendAsync(Packets.Publish("s1/d7/telemetry/temp", "21", qos: 1, id: 1));
        Assert.Equal(["PUBACK", "PUBLISH dup=0 qos=1 retain=0 topic=s1/d7/telemetry/temp id=1 props={} payload=3231"], await TwoAsync(wire));
        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal(("telemetry", "temp", "d7", "s1/d7/telemetry/temp"), (stored.Topic, stored.Tag, stored["KEYS"u8], stored["mqtt.topic"u8]));
    }

    [Fact]
    public async Task Rules_that_change_are_in_force_for_subscriptions_that_were_there_before()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire tail = await host.Connect5Async("tail");
        await tail.SendAsync(Packets.Subscribe(1, ("s1/#", 0)));
        await tail.ExpectAsync("90 04 00 01 00 00");
        MqttWire share = await host.Connect5Async("share");
        await share.SendAsync(Packets.Subscribe(1, ("$share/g/s1/#", 0)));
        await share.ExpectAsync("90 04 00 01 00 00");
        MqttWire publisher = await host.Connect5Async("publisher");
        foreach (RuleSet rules in (RuleSet[])[Rules(Telemetry), Rules(Telemetry with { Topic = "other" }), RuleSet.None])
        {
            await host.Mapping.ChangeAsync(rules);
            await publisher.SendAsync(Packets.Publish("s1/d7/telemetry/temp", "21"));
            Assert.Contains("topic=s1/d7/telemetry/temp", await tail.ReadTextAsync(), StringComparison.Ordinal);
            Assert.Contains("topic=s1/d7/telemetry/temp", await share.ReadTextAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(["telemetry", "other", "s1"], host.Bridge.Published.Select(publish => publish.Topic));
    }

    [Fact]
    public async Task A_shared_subscription_takes_only_names_of_its_filter_from_the_topic_of_a_rule()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        await host.Mapping.ChangeAsync(Rules(Telemetry));
        MqttWire one = await host.Connect5Async("one");
        await one.SendAsync(Packets.Subscribe(1, ("$share/g/s1/#", 0)));
        await one.ExpectAsync("90 04 00 01 00 00");
        MqttWire two = await host.Connect5Async("two");
        await two.SendAsync(Packets.Subscribe(1, ("$share/h/telemetry/#", 0)));
        await two.ExpectAsync("90 04 00 01 00 00");
        await two.SendAsync(Packets.Publish("s2/d7/telemetry/temp", "no"));
        await two.SendAsync(Packets.Publish("s1/d7/telemetry/temp", "one"));
        await two.SendAsync(Packets.Publish("telemetry/x", "two"));
        Assert.EndsWith("topic=s1/d7/telemetry/temp id=0 props={} payload=6F6E65", await one.ReadTextAsync(), StringComparison.Ordinal);
        Assert.EndsWith("topic=telemetry/x id=0 props={} payload=74776F", await two.ReadTextAsync(), StringComparison.Ordinal);
        await one.ExpectSilenceAsync();
        await two.ExpectSilenceAsync();
    }

    private static RuleSet Rules(params MappingRule[] rules)
    {
        Assert.Empty(RuleSet.TryRead(rules, out RuleSet? set));
        return set!;
    }

    private static async Task<string[]> TwoAsync(MqttWire wire)
    {
        string[] two = [await wire.ReadTextAsync(), await wire.ReadTextAsync()];
        return [.. two.Select(packet => packet.StartsWith("PUBACK", StringComparison.Ordinal) ? "PUBACK" : packet).Order(StringComparer.Ordinal)];
    }
}
