using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class DeliveryTests
{
    [Fact]
    public async Task A_subscriber_receives_what_is_published_after_its_SUBACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire subscriber = await host.Connect311Async("s");
        await subscriber.SendAsync(Packets.Subscribe(1, ("sensors/+/temp", 0), ("#", 1), ("x", 2)));
        await subscriber.ExpectAsync("90 05 00 01 00 01 02");
        MqttWire publisher = await host.Connect311Async("p");
        await publisher.SendAsync(Packets.Publish("sensors/k/temp", "21.5", qos: 1, id: 5));
        await publisher.ExpectAsync("40 02 00 05");
        await subscriber.ExpectAsync("32 16 00 0E 73 65 6E 73 6F 72 73 2F 6B 2F 74 65 6D 70 00 01 32 31 2E 35");
        await publisher.SendAsync(Packets.Publish("b", "0"));
        await subscriber.ExpectAsync("30 04 00 01 62 30");
    }

    [Fact]
    public async Task What_other_protocols_publish_is_delivered_under_the_mapped_name()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("sensors/#", 1)));
        await wire.ExpectAsync("90 04 00 01 00 01");
        Assert.Equal(["sensors"], Assert.Single(host.Bridge.Streams).Selection.Names);
        await PublishAsync(host, "sensors", "kitchen/temp", "21.5", ("KEYS", "k1"), ("colour", "red"));
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=sensors/kitchen/temp id=1 props={UserProperty=colour:red} payload=32312E35", await wire.ReadTextAsync());
        await PublishAsync(host, "sensors", "kitchen/temp", "22", ("mqtt.topic", "sensors/under/another/name"));
        Assert.StartsWith("PUBLISH dup=0 qos=1 retain=0 topic=sensors/under/another/name id=2 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Properties_of_version_5_arrive_and_expiry_is_counted_down()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 300), ("a", 1)));
        await wire.ExpectAsync("90 04 00 01 00 01");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 0, properties: p => p
            .Add(PropertyId.PayloadFormatIndicator, 1)
            .Add(PropertyId.MessageExpiryInterval, 60)
            .Add(PropertyId.TopicAlias, 1)
            .Add(PropertyId.ContentType, "text/plain")
            .Add(PropertyId.ResponseTopic, "r")
            .Add(PropertyId.CorrelationData, [1, 2])
            .AddUser("k"u8, "1"u8)
            .AddUser("k"u8, "2"u8)));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        host.Bridge.CompleteAll();
        Assert.Equal(
            "PUBLISH dup=0 qos=0 retain=0 topic=a id=0 props={MessageExpiryInterval=40;SubscriptionIdentifier=300;PayloadFormatIndicator=1;ContentType=text/plain;ResponseTopic=r;CorrelationData=0102;UserProperty=k:1;UserProperty=k:2} payload=78",
            await wire.ReadTextAsync());
    }

    [Fact]
    public async Task An_expired_message_is_not_delivered()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Publish("a", "old", properties: p => p.Add(PropertyId.MessageExpiryInterval, 5)));
        await wire.SendAsync(Packets.Publish("a", "new"));
        await host.Bridge.WaitForPublishesAsync(2);
        host.Clock.Advance(TimeSpan.FromSeconds(6));
        host.Bridge.CompleteAll();
        Assert.EndsWith("payload=6E6577", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, host.Counted("mqtt.drops/expired"));
    }

    [Fact]
    public async Task Not_more_than_the_receive_maximum_is_in_flight_to_a_client()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.ReceiveMaximum, 2));
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        for (int i = 0; i < 5; i++)
            await PublishAsync(host, "a", null, $"{i}");
        Assert.Contains("id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Contains("id=2 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
        await wire.SendAsync(Packets.Puback(9));
        await wire.ExpectSilenceAsync();
        await wire.SendAsync(Packets.Puback(2));
        Assert.EndsWith("id=2 props={} payload=32", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Puback(1));
        Assert.EndsWith("id=1 props={} payload=33", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_does_not_keep_up_is_disconnected_and_others_are_served()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.QueuedMessages = 10);
        MqttWire slow = await host.Connect5Async("slow", p => p.Add(PropertyId.ReceiveMaximum, 1));
        await slow.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await slow.ReadTextAsync();
        MqttWire good = await host.Connect311Async("good");
        await good.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await good.ExpectAsync("90 03 00 01 00");
        for (int i = 0; i < 12; i++)
        {
            await PublishAsync(host, "a", null, "x");
            await good.ExpectAsync("30 04 00 01 61 78");
        }

        Assert.StartsWith("PUBLISH", await slow.ReadTextAsync(), StringComparison.Ordinal);
        await slow.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        Assert.Equal(1, host.Counted("mqtt.drops/slow-client"));
    }

    [Fact]
    public async Task QoS_0_is_dropped_and_counted_when_a_client_does_not_read()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.QueuedMessages = 4);
        MqttWire wire = host.Open(sendBuffer: 2048);
        await wire.SendAsync(Packets.Connect("s", 4, keepAlive: 0));
        await wire.ExpectAsync("20 02 00 00");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 0)));
        await wire.ExpectAsync("90 03 00 01 00");
        for (int i = 0; i < 20; i++)
            await PublishAsync(host, "a", null, new string('x', 1024));
        await Eventually.True(() => host.Counted("mqtt.drops/queue-full") > 0);
        Assert.False(wire.Served.IsCompleted);
        // The queue is full before the writer has begun, at times: then its time counts from after the first turn of the clock.
        await Eventually.True(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(32));
                return wire.Served.IsCompleted;
            },
            "the client that does not read was given up");
        await wire.Aborted.WaitAsync();
        await wire.Served.Within("the server is done with a client that does not read");
        Assert.Equal(0, host.Connections.Count);
    }

    [Fact]
    public async Task A_message_above_the_clients_packet_size_is_left_out()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.MaximumPacketSize, 40).Add(PropertyId.ReceiveMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        await PublishAsync(host, "a", null, new string('x', 100));
        await PublishAsync(host, "a", null, "short");
        Assert.EndsWith("payload=73686F7274", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, host.Counted("mqtt.drops/too-large-for-client"));
    }

    [Fact]
    public async Task No_local_keeps_a_client_from_hearing_itself()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire self = await host.Connect5Async("self");
        await self.SendAsync(Packets.Subscribe(1, ("a", 1 | 4)));
        await self.ReadTextAsync();
        MqttWire other = await host.Connect5Async("other");
        await self.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1));
        await self.ExpectAsync("40 02 00 01");
        await other.SendAsync(Packets.Publish("a", "2", qos: 1, id: 1));
        Assert.EndsWith("payload=32", await self.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_UNSUBACK_nothing_comes_and_the_selection_shrinks()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1), ("b/#", 1)));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Unsubscribe(2, "a", "a", "b"));
        Assert.Equal("UNSUBACK id=2 props={} codes=001111", await wire.ReadTextAsync());
        await PublishAsync(host, "a", null, "1");
        await PublishAsync(host, "b", null, "2");
        Assert.EndsWith("payload=32", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await Eventually.True(() => host.Bridge.Streams[0].Selection.Names.SetEquals(["b"]));
        MqttWire four = await host.Connect311Async("four");
        await four.SendAsync(Packets.Unsubscribe(2, "none"));
        await four.ExpectAsync("B0 02 00 02");
    }

    [Fact]
    public async Task A_wildcard_in_the_first_level_selects_all_topics()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a/b", 0)));
        await wire.ReadTextAsync();
        Assert.False(host.Bridge.Streams[0].Selection.IsAll);
        await wire.SendAsync(Packets.Subscribe(2, ("+/b", 0)));
        await wire.ReadTextAsync();
        Assert.True(Assert.Single(host.Bridge.Streams).Selection.IsAll);
    }

    [Fact]
    public async Task A_subscription_bomb_is_refused_filter_by_filter()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SubscriptionsPerSession = 3);
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, [.. Enumerable.Range(0, 5).Select(i => ($"a/{i}", 1)), ("a/0", 0)]));
        Assert.Equal("SUBACK id=1 props={} codes=010101979700", await wire.ReadTextAsync());
        MqttWire four = await host.Connect311Async("four");
        await four.SendAsync(Packets.Subscribe(1, [.. Enumerable.Range(0, 4).Select(i => ($"a/{i}", 1))]));
        await four.ExpectAsync("90 06 00 01 01 01 01 80");
        Assert.Equal(3, host.Counted("mqtt.limited/subscriptions"));
    }

    [Theory]
    [InlineData("$rmq/bad topic/x", 0x8F)]
    public async Task A_filter_that_is_not_possible_is_refused_in_the_SUBACK(string filter, byte reason)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire five = await host.Connect5Async("five");
        await five.SendAsync(Packets.Subscribe(1, (filter, 1), ("ok", 1)));
        await five.ExpectAsync($"90 05 00 01 00 {reason:X2} 01");
        MqttWire four = await host.Connect311Async("four");
        await four.SendAsync(Packets.Subscribe(1, (filter, 1)));
        await four.ExpectAsync("90 03 00 01 80");
    }

    [Fact]
    public async Task A_filter_of_many_levels_is_refused_in_the_SUBACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, (string.Concat(Enumerable.Repeat("+/", 32_000)) + "a", 1)));
        await wire.ExpectAsync("90 04 00 01 00 8F");
    }

    [Fact]
    public async Task A_bad_filter_disconnects()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendHexAsync("82 08 00 01 00 00 02 61 23 00");
        await wire.ExpectDisconnectAsync(ReasonCode.TopicFilterInvalid);
    }

    [Fact]
    public async Task A_subscribe_that_the_bridge_refuses_is_refused_and_can_be_repeated()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        host.Bridge.FailNextSubscribe(BridgeError.Unreachable);
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ExpectAsync("90 04 00 01 00 83");
        await wire.SendAsync(Packets.Subscribe(2, ("a", 1)));
        await wire.ExpectAsync("90 04 00 02 00 01");
        await PublishAsync(host, "a", null, "1");
        Assert.EndsWith("payload=31", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_broke_is_opened_again()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        int timers = host.Clock.ArmedTimers;
        await host.Bridge.Streams[0].DisposeAsync();
        await Eventually.True(() => host.Clock.ArmedTimers == timers + 1, "the router waits to open the stream again");
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => host.Bridge.Streams.Count == 2);
        await PublishAsync(host, "a", null, "1");
        Assert.EndsWith("payload=31", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_left_receives_nothing_and_costs_nothing()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1), ("a/#", 1), ("+", 0)));
        await wire.ReadTextAsync();
        await wire.BreakAsync();
        await wire.Served.Within("the server is done with the connection");
        Assert.Equal(0, host.Connections.Count);
        await PublishAsync(host, "a", null, "1");
        MqttWire other = await host.Connect311Async("s");
        await other.ExpectSilenceAsync();
    }

    private static async Task PublishAsync(MqttHost host, string topic, string? tag, string body, params (string Name, string Value)[] properties)
    {
        var writer = default(PropertyTextWriter);
        if (tag is not null)
            writer.Write(PropertyNames.Tags, tag.AsSpan());
        foreach ((string name, string value) in properties)
            writer.Write(System.Text.Encoding.UTF8.GetBytes(name), value.AsSpan());
        await host.Bridge.PublishAsync(new PublishMessage(topic, System.Text.Encoding.UTF8.GetBytes(body), writer.Written));
        writer.Dispose();
    }
}
