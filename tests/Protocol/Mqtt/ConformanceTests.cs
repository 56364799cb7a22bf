using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Statements of the specifications that no other test is about.</summary>
public sealed class ConformanceTests
{
    [Theory]
    [InlineData(20, 1)]
    [InlineData(1000, 0)]
    public async Task A_reason_string_is_left_out_where_it_does_not_fit_or_is_not_wanted(int packetSize, int wanted)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c", p => p.Add(PropertyId.MaximumPacketSize, (uint)packetSize).Add(PropertyId.RequestProblemInformation, (uint)wanted));
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        await wire.ExpectAsync("40 03 00 01 97");
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 2));
        await wire.ExpectAsync("50 03 00 02 97");
        await wire.SendHexAsync("62 02 00 09");
        await wire.ExpectAsync("70 03 00 09 92");
        await wire.SendAsync(Packets.Subscribe(3, ("$share/no such group/a", 1)));
        Assert.StartsWith("SUBACK id=3 props={} codes=", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Unsubscribe(4, "a"));
        await wire.ExpectAsync("B0 04 00 04 00 11");
    }

    [Fact]
    public async Task A_reason_string_is_there_where_it_fits_and_is_wanted()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        Assert.Equal("PUBACK id=1 reason=151 props={ReasonString=The test asked for Busy.}", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task A_DISCONNECT_fits_the_clients_packet_size()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c", p => p.Add(PropertyId.MaximumPacketSize, 16));
        await wire.SendHexAsync("F0 00");
        await wire.ExpectAsync("E0 01 82");
        await wire.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_CONNACK_that_refuses_fits_the_clients_packet_size()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("c", 5, p => p.Add(PropertyId.MaximumPacketSize, 10).Add(PropertyId.AuthenticationMethod, "no such method")));
        await wire.ExpectAsync("20 03 00 8C 00");
        await wire.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("10 0D 00 04 4D 51 54 54 02 02 00 3C 00 01 64", "32 06 00 01 61 00 01 78 82 06 00 01 00 01 61 01", 0x01)]
    [InlineData("10 0C 00 04 4D 51 54 54 04 00 00 3C 00 00", "32 06 00 01 61 00 01 78 82 06 00 01 00 01 61 01", 0x02)]
    [InlineData("10 12 00 04 4D 51 54 54 05 02 00 3C 04 15 00 01 6D 00 01 64", "32 07 00 01 61 00 01 00 78 82 07 00 01 00 00 01 61 01", 0x8C)]
    public async Task Nothing_that_follows_a_refused_CONNECT_is_looked_at(string connect, string more, byte code)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendHexAsync(connect + more);
        byte[] connack = await wire.ReadAsync() ?? [];
        Assert.Equal([0x20, 0x00, code], [connack[0], connack[2], connack[3]]);
        await wire.ExpectClosedAsync();
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task DUP_of_a_client_is_not_handed_on()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("c");
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1, dup: true));
        string[] packets = [await wire.ReadTextAsync(), await wire.ReadTextAsync()];
        Assert.Contains(packets, packet => packet.StartsWith("PUBLISH dup=0 qos=1 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_will_flag_nothing_is_published_when_the_connection_breaks()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire watcher = await host.Connect311Async("w");
        await watcher.SendAsync(Packets.Subscribe(1, ("#", 1)));
        await watcher.ReadTextAsync();
        MqttWire wire = await host.Connect311Async("c");
        await wire.BreakAsync();
        await wire.Served;
        await watcher.SendAsync(Packets.Publish("marker", "m"));
        Assert.Contains("topic=marker ", await watcher.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task What_was_begun_is_completed_after_UNSUBSCRIBE()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c", p => p.Add(PropertyId.ReceiveMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1), ("b", 1)));
        await wire.ReadTextAsync();
        await PublishAsync(host, "a");
        Assert.Contains("topic=a id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Unsubscribe(2, "a"));
        await wire.ReadTextAsync();
        await PublishAsync(host, "b");
        await wire.ExpectSilenceAsync();
        await wire.SendAsync(Packets.Puback(1));
        Assert.Contains("topic=b id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PUBACK_that_refuses_ends_a_delivery()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c", p => p.Add(PropertyId.ReceiveMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        await PublishAsync(host, "a", "1");
        Assert.EndsWith("payload=31", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendHexAsync("40 03 00 01 80");
        await PublishAsync(host, "a", "2");
        Assert.EndsWith("id=1 props={} payload=32", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task Expiry_does_not_touch_what_was_sent()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new Support.Fake.FakeLog());
        MqttWire wire = await host.ResumeAsync("d", 5, present: false);
        await wire.SendAsync(Packets.Subscribe(1, ("a", 2)));
        await wire.ReadTextAsync();
        MqttWire publisher = await host.Connect5Async("p");
        await publisher.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1, properties: p => p.Add(PropertyId.MessageExpiryInterval, 5)));
        Assert.Equal("PUBLISH dup=0 qos=2 retain=0 topic=a id=1 props={MessageExpiryInterval=5} payload=78", await wire.ReadTextAsync());
        await wire.SendHexAsync("E0 00");
        await wire.ExpectClosedAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.StartsWith("PUBLISH dup=1 qos=2 retain=0 topic=a id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
        await wire.ExpectAsync("62 02 00 01");
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 1));
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_topic_alias_ends_with_its_connection()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a", "1", qos: 1, id: 1, properties: p => p.Add(PropertyId.TopicAlias, 1)));
        await wire.ExpectAsync("40 02 00 01");
        await wire.BreakAsync();
        await wire.Served;
        wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish(string.Empty, "2", qos: 1, id: 1, properties: p => p.Add(PropertyId.TopicAlias, 1)));
        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_session_lasts_as_long_as_its_connection()
    {
        var log = new Support.Fake.FakeLog();
        await using MqttHost host = await MqttHost.StartAsync(log: log);
        MqttWire wire = await host.ResumeAsync("d", 5, present: false, expiry: 5);
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        // Hours after its expiry interval, and after many sweeps.
        for (int i = 0; i < 60; i++)
            host.Clock.Advance(TimeSpan.FromMinutes(5));
        await PublishAsync(host, "a");
        Assert.StartsWith("PUBLISH dup=0 qos=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(["a"], log.FilterQueues.Filters);
    }

    [Fact]
    public async Task AUTH_without_a_method_in_CONNECT_is_a_protocol_error()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendHexAsync("F0 02 19 00");
        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task PINGREQ_is_answered_by_PINGRESP(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("c", version));
        await wire.ReadAsync();
        await wire.SendHexAsync("C0 00 C0 00");
        await wire.ExpectAsync("D0 00");
        await wire.ExpectAsync("D0 00");
    }

    [Fact]
    public async Task The_keep_alive_of_the_server_counts_when_it_names_one()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumKeepAliveSeconds = 10);
        MqttWire wire = await host.Connect5Async("c");
        host.Clock.Advance(TimeSpan.FromSeconds(14));
        await wire.ExpectSilenceAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(17));
        await wire.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [InlineData("31")]
    [InlineData("an identifier that is longer than 23 bytes")]
    public async Task An_MQTT_3_1_client_is_served(string clientId)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect(clientId, 3));
        await wire.ExpectAsync("20 02 00 00");
        await wire.SendAsync(Packets.Publish("a", "kept", qos: 1, id: 1, retain: true));
        await wire.ExpectAsync("40 02 00 01");
        await wire.SendAsync(Packets.Subscribe(2, ("a", 1)));
        await wire.ExpectAsync("90 03 00 02 01");
        await wire.ExpectAsync("33 09 00 01 61 00 01 6B 65 70 74");
        await wire.SendAsync(Packets.Publish("a", "2", qos: 2, id: 3));
        await wire.ExpectAsync("50 02 00 03");
    }

    private static async Task PublishAsync(MqttHost host, string topic, string body = "x")
        => await host.Bridge.PublishAsync(new PublishMessage(topic, System.Text.Encoding.UTF8.GetBytes(body), default) { OrderingHash = 1 });
}
