using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Retained messages; subscription options are QoS | 4 no local | 8 retain as published | 16, 32 retain handling.</summary>
public sealed class RetainTests
{
    [Fact]
    public async Task A_new_subscription_gets_the_last_retained_message_behind_its_SUBACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire publisher = await host.Connect311Async("p");
        await publisher.SendAsync(Packets.Publish("a/b", "1", qos: 1, id: 1, retain: true));
        await publisher.ExpectAsync("40 02 00 01");
        await publisher.SendAsync(Packets.Publish("a/b", "2", qos: 1, id: 2, retain: true));
        await publisher.ExpectAsync("40 02 00 02");
        await publisher.SendAsync(Packets.Publish("a/b", "live", qos: 1, id: 3));
        await publisher.ExpectAsync("40 02 00 03");
        MqttWire four = await host.Connect311Async("four");
        await four.SendAsync(Packets.Subscribe(1, ("a/+", 1)));
        await four.ExpectAsync("90 03 00 01 01");
        await four.ExpectAsync("33 08 00 03 61 2F 62 00 01 32");
        await four.ExpectSilenceAsync();
        MqttWire five = await host.Connect5Async("five");
        await five.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 7), ("#", 0)));
        await five.ExpectAsync("90 04 00 01 00 00");
        Assert.Equal("PUBLISH dup=0 qos=0 retain=1 topic=a/b id=0 props={SubscriptionIdentifier=7} payload=32", await five.ReadTextAsync());
    }

    [Fact]
    public async Task A_retained_message_outlives_the_session_of_its_publisher()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire publisher = await host.Connect311Async("p");
        await publisher.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await publisher.ExpectAsync("40 02 00 01");
        await publisher.SendHexAsync("E0 00");
        await publisher.ExpectClosedAsync();
        MqttWire again = await host.Connect311Async("p");
        await again.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await again.ReadTextAsync();
        Assert.Contains("retain=1", await again.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shared_subscription_gets_no_retained_messages()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("a/b", "1", qos: 1, id: 1, retain: true));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Subscribe(1, ("$share/g/a/b", 1)));
        Assert.StartsWith("SUBACK id=1 props={} codes=01", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Subscribe(2, ("none", 1)));
        string next = await wire.ReadTextAsync();
        Assert.DoesNotContain("retain=1", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retained_message_is_stored_before_it_is_acknowledged()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect311Async("p");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await host.Bridge.WaitForPublishesAsync(1);
        await wire.ExpectSilenceAsync();
        Assert.Equal(0, host.Bridge.Retained.Count);
        host.Bridge.CompleteAll();
        await wire.ExpectAsync("40 02 00 01");
        Assert.Equal(1, host.Bridge.Retained.Count);
    }

    [Fact]
    public async Task An_empty_retained_message_removes_and_is_delivered_as_any_other()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await wire.ReadTextAsync();
        Assert.Contains("retain=1", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Publish("a", "", qos: 0, retain: true));
        Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=a id=0 props={} payload=", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Subscribe(2, ("a", 0)));
        await wire.ReadTextAsync();
        await wire.ExpectSilenceAsync();
        Assert.Equal(0, host.Bridge.Retained.Count);
    }

    [Fact]
    public async Task A_message_without_the_flag_does_not_replace_the_retained_one()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("a", "kept", qos: 1, id: 1, retain: true));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Publish("a", "not", qos: 1, id: 2));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Publish("a", "", qos: 1, id: 3));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await wire.ReadTextAsync();
        Assert.EndsWith("retain=1 topic=a id=0 props={} payload=6B657074", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retained_message_of_QoS_0_replaces_the_one_before()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("c");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await wire.ExpectAsync("40 02 00 01");
        await wire.SendAsync(Packets.Publish("a", "2", qos: 0, retain: true));
        await wire.SendAsync(Packets.Publish("marker", "m", qos: 1, id: 2));
        await wire.ExpectAsync("40 02 00 02");
        await wire.SendAsync(Packets.Subscribe(3, ("a", 2)));
        await wire.ExpectAsync("90 03 00 03 02");
        await wire.ExpectAsync("31 04 00 01 61 32");
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task The_flag_of_a_live_message_is_kept_only_for_retain_as_published()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire as0 = await host.Connect5Async("as0");
        await as0.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await as0.ReadTextAsync();
        MqttWire as1 = await host.Connect5Async("as1");
        await as1.SendAsync(Packets.Subscribe(1, ("a", 8)));
        await as1.ReadTextAsync();
        MqttWire publisher = await host.Connect5Async("p");
        await publisher.SendAsync(Packets.Publish("a", "1", retain: true));
        Assert.Contains("retain=0", await as0.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Contains("retain=1", await as1.ReadTextAsync(), StringComparison.Ordinal);
        await publisher.SendAsync(Packets.Publish("a", "2"));
        Assert.Contains("retain=0", await as0.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Contains("retain=0", await as1.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true, true)]
    [InlineData(16, true, false)]
    [InlineData(32, false, false)]
    public async Task Retain_handling_says_when_retained_messages_are_sent(int handling, bool first, bool again)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await wire.ReadTextAsync();
        ushort id = 1;
        foreach (bool expected in new[] { first, again })
        {
            await wire.SendAsync(Packets.Subscribe(id++, ("a", handling)));
            Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
            if (expected)
                Assert.Contains("retain=1", await wire.ReadTextAsync(), StringComparison.Ordinal);
            await wire.SendAsync(Packets.Publish("a/marker", "m"));
            await wire.ExpectSilenceAsync();
        }

        await wire.SendAsync(Packets.Unsubscribe(9, "a"));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Subscribe(id, ("a", handling)));
        await wire.ReadTextAsync();
        if (first)
            Assert.Contains("retain=1", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task No_local_holds_for_retained_messages_too()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire self = await host.Connect5Async("self");
        await self.SendAsync(Packets.Publish("a", "mine", qos: 1, id: 1, retain: true));
        await self.ReadTextAsync();
        await self.SendAsync(Packets.Subscribe(1, ("a", 4)));
        await self.ReadTextAsync();
        await self.ExpectSilenceAsync();
        MqttWire other = await host.Connect5Async("other");
        await other.SendAsync(Packets.Subscribe(1, ("a", 4)));
        await other.ReadTextAsync();
        Assert.Contains("retain=1", await other.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expiry_is_counted_down_and_what_expired_is_gone()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true, properties: p => p.Add(PropertyId.MessageExpiryInterval, 50).Add(PropertyId.ContentType, "t")));
        await wire.ReadTextAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        await wire.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await wire.ReadTextAsync();
        Assert.Equal("PUBLISH dup=0 qos=0 retain=1 topic=a id=0 props={MessageExpiryInterval=30;ContentType=t} payload=31", await wire.ReadTextAsync());
        await wire.SendHexAsync("C0 00");
        await wire.ReadAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        await wire.SendAsync(Packets.Subscribe(2, ("a", 0)));
        await wire.ReadTextAsync();
        await wire.ExpectSilenceAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(35));
        await Eventually.True(() => host.Bridge.Retained.Count == 0, "the expired message was removed");
        Assert.Equal(1, host.Counted("mqtt.drops/retained-expired"));
    }

    [Fact]
    public async Task At_the_limit_version_5_is_told_and_before_it_the_connection_closes()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.Log.Retained.Options = new RetainedOptions { MaxMessages = 1 };
        MqttWire five = await host.Connect5Async("five");
        await five.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, retain: true));
        await five.ExpectAsync("40 02 00 01");
        await five.SendAsync(Packets.Publish("b", "1", qos: 1, id: 2, retain: true));
        Assert.StartsWith("PUBACK id=2 reason=151 ", await five.ReadTextAsync(), StringComparison.Ordinal);
        await five.SendAsync(Packets.Publish("a", "2", qos: 1, id: 3, retain: true));
        await five.ExpectAsync("40 02 00 03");
        MqttWire four = await host.Connect311Async("four");
        await four.SendAsync(Packets.Publish("b", "1", qos: 1, id: 2, retain: true));
        await four.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_subscription_to_everything_gets_it_at_the_rate_that_the_client_takes_it()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.QueuedMessages = 100);
        MqttWire publisher = await host.Connect311Async("p");
        for (int i = 0; i < 1000; i++)
        {
            await publisher.SendAsync(Packets.Publish($"a/{i:0000}", "x", qos: 1, id: 1, retain: true));
            await publisher.ExpectAsync("40 02 00 01");
        }

        MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.ReceiveMaximum, 10));
        await wire.SendAsync(Packets.Subscribe(1, ("#", 1)));
        await wire.ReadTextAsync();
        for (int i = 0; i < 1000; i++)
        {
            string text = await wire.ReadTextAsync();
            Assert.Contains($"retain=1 topic=a/{i:0000} ", text, StringComparison.Ordinal);
            await wire.SendAsync(Packets.Puback((ushort)((i % 10) + 1)));
        }

        await wire.ExpectSilenceAsync();
        Assert.Equal(0, host.Counted("mqtt.drops/slow-client"));
    }

    [Fact]
    public async Task A_message_published_meanwhile_is_not_followed_by_the_one_it_replaced()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire publisher = await host.Connect311Async("p");
        for (int i = 0; i < 200; i++)
        {
            await publisher.SendAsync(Packets.Publish($"a/{i:000}", "old", qos: 1, id: 1, retain: true));
            await publisher.ExpectAsync("40 02 00 01");
        }

        MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.ReceiveMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("a/#", 1)));
        await wire.ReadTextAsync();
        Assert.Contains("topic=a/000 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await publisher.SendAsync(Packets.Publish("a/199", "new", qos: 1, id: 1, retain: true));
        await publisher.ExpectAsync("40 02 00 01");
        List<string> of199 = [];
        for (int i = 0; i < 199; i++)
        {
            await wire.SendAsync(Packets.Puback(1));
            string text = await wire.ReadTextAsync();
            if (text.Contains("topic=a/199 ", StringComparison.Ordinal))
                of199.Add(text);
        }

        await wire.SendAsync(Packets.Puback(1));
        await wire.ExpectSilenceAsync();
        Assert.EndsWith("payload=6E6577", Assert.Single(of199), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_other_protocols_publish_with_the_property_is_retained_and_found_under_its_mapped_name()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        var writer = default(PropertyTextWriter);
        writer.Write(PropertyNames.Tags, "state".AsSpan());
        writer.Write(PropertyNames.MqttRetain, "1".AsSpan());
        await host.Bridge.PublishAsync(new PublishMessage("machine", "on"u8.ToArray(), writer.Written) { Retain = true });
        writer.Dispose();
        MqttWire wire = await host.Connect311Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("machine/state", 0)));
        await wire.ReadTextAsync();
        Assert.Equal("PUBLISH dup=0 qos=0 retain=1 topic=machine/state id=0 props={} payload=6F6E", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task Retained_messages_have_the_smaller_of_published_and_granted_QoS()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Publish("q/0", "x", qos: 0, retain: true));
        await wire.SendAsync(Packets.Publish("q/1", "x", qos: 1, id: 1, retain: true));
        Assert.StartsWith("PUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Subscribe(1, ("q/0", 1), ("q/1", 1), ("q/+", 0)));
        await wire.ReadTextAsync();
        string[] qos = new string[4];
        for (int i = 0; i < 4; i++)
            qos[i] = (await wire.ReadTextAsync()).Split(' ')[2];
        Assert.Equal(["qos=0", "qos=1", "qos=0", "qos=0"], qos);
    }
}
