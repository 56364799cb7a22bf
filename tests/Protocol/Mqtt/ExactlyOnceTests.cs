using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>QoS 2 from a client to the log.</summary>
public sealed class ExactlyOnceTests
{
    [Fact]
    public async Task PUBREC_comes_when_the_message_is_durable_and_PUBCOMP_after_PUBREL()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        await wire.ExpectSilenceAsync();
        host.Bridge.CompleteNext();
        await wire.ExpectAsync("50 02 00 07");
        await wire.SendHexAsync("62 02 00 07");
        await wire.ExpectAsync("70 02 00 07");
        Assert.Equal("2", Assert.Single(host.Bridge.Published)["mqtt.qos"u8]);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Until_its_PUBREL_a_publish_that_comes_again_is_acknowledged_and_not_stored(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = version == 4 ? await host.Connect311Async("d") : await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3));
        await wire.ExpectAsync("50 02 00 03");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3, dup: true));
        await wire.ExpectAsync("50 02 00 03");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3));
        await wire.ExpectAsync("50 02 00 03");
        Assert.Single(host.Bridge.Published);
        await wire.SendHexAsync("62 02 00 03");
        await wire.ExpectAsync("70 02 00 03");
        await wire.SendAsync(Packets.Publish("a", "y", qos: 2, id: 3));
        await wire.ExpectAsync("50 02 00 03");
        Assert.Equal(["x", "y"], host.Bridge.Published.Select(p => p.Text));
    }

    [Fact]
    public async Task A_publish_that_comes_again_before_its_PUBREC_is_stored_once_before_version_5()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3));
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3, dup: true));
        await wire.ExpectSilenceAsync();
        host.Bridge.CompleteAll();
        await wire.ExpectAsync("50 02 00 03");
        await wire.ExpectAsync("50 02 00 03");
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_packet_identifier_in_use_is_refused_in_version_5()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("d", p => p.Add(PropertyId.RequestProblemInformation, 0));
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3));
        await wire.SendAsync(Packets.Publish("a", "other", qos: 2, id: 3));
        await wire.SendAsync(Packets.Publish("a", "other", qos: 1, id: 3));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Bridge.CompleteAll();
        await wire.ExpectAsync("50 02 00 03");
        await wire.ExpectAsync("50 03 00 03 91");
        await wire.ExpectAsync("40 03 00 03 91");
        Assert.Single(host.Bridge.Published);
        // The exchange goes on.
        await wire.SendHexAsync("62 02 00 03");
        await wire.ExpectAsync("70 02 00 03");
    }

    [Fact]
    public async Task Acknowledgements_of_both_levels_leave_in_the_order_of_their_publishes()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("d");
        for (ushort id = 1; id <= 40; id++)
            await wire.SendAsync(Packets.Publish("a", "x", qos: (byte)(1 + (id % 2)), id: id));
        await host.Bridge.WaitForPublishesAsync(40);
        host.Bridge.CompleteAll();
        for (ushort id = 1; id <= 40; id++)
            Assert.Equal($"{(id % 2 == 0 ? "PUBACK" : "PUBREC")} id={id} reason=0 props={{}}", await wire.ReadTextAsync());
        for (int id = 39; id > 0; id -= 2)
            await wire.SendHexAsync($"62 02 00 {id:X2}");
        for (int id = 39; id > 0; id -= 2)
            await wire.ExpectAsync($"70 02 00 {id:X2}");
    }

    [Fact]
    public async Task A_connection_has_a_thousand_of_them_on_the_way_to_the_log()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("d");
        for (ushort id = 1; id <= 1000; id++)
            await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: id));
        await host.Bridge.WaitForPublishesAsync(1000);
        Assert.Equal(1000, host.Bridge.HeldCount);
        host.Bridge.CompleteAll();
        for (ushort id = 1; id <= 1000; id++)
            await wire.ExpectAsync($"50 02 {id >> 8:X2} {id & 255:X2}");
    }

    [Fact]
    public async Task An_exchange_goes_on_when_its_message_has_expired()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3, properties: p => p.Add(PropertyId.MessageExpiryInterval, 1)));
        await wire.ExpectAsync("50 02 00 03");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 3, dup: true, properties: p => p.Add(PropertyId.MessageExpiryInterval, 1)));
        await wire.ExpectAsync("50 02 00 03");
        await wire.SendHexAsync("62 02 00 03");
        await wire.ExpectAsync("70 02 00 03");
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task PUBREL_of_an_unknown_identifier_is_answered_with_its_reason()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire five = await host.Connect5Async("five");
        await five.SendHexAsync("62 02 00 09");
        await five.ExpectAsync("70 03 00 09 92");
        await five.SendAsync(Packets.Publish("a", "x", qos: 2, id: 9));
        await host.Bridge.WaitForPublishesAsync(1);
        await five.SendHexAsync("62 02 00 09");
        await five.ExpectAsync("70 03 00 09 92");
        host.Bridge.CompleteAll();
        await five.ExpectAsync("50 02 00 09");
        await five.SendHexAsync("62 03 00 09 92");
        await five.ExpectAsync("70 02 00 09");

        MqttWire four = await host.Connect311Async("four");
        await four.SendHexAsync("62 02 00 09");
        await four.ExpectAsync("70 02 00 09");
    }

    [Theory]
    [InlineData(BridgeError.Busy, ReasonCode.QuotaExceeded)]
    [InlineData(BridgeError.TopicInvalid, ReasonCode.TopicNameInvalid)]
    [InlineData(BridgeError.NotAuthorized, ReasonCode.NotAuthorized)]
    [InlineData(BridgeError.PropertiesInvalid, ReasonCode.ImplementationSpecificError)]
    [InlineData(BridgeError.Timeout, ReasonCode.UnspecifiedError)]
    public async Task A_refusal_is_said_in_the_PUBREC_and_the_identifier_is_free(BridgeError error, ReasonCode reason)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire five = await host.Connect5Async("five");
        host.Bridge.FailNextPublish(error);
        await five.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        Assert.StartsWith($"PUBREC id=1 reason={(int)reason} props={{ReasonString=", await five.ReadTextAsync(), StringComparison.Ordinal);
        await five.SendHexAsync("62 02 00 01");
        await five.ExpectAsync("70 03 00 01 92");
        await five.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await five.ExpectAsync("50 02 00 01");
        await five.SendAsync(Packets.Publish("$SYS/x", "x", qos: 2, id: 2));
        Assert.StartsWith("PUBREC id=2 reason=144 ", await five.ReadTextAsync(), StringComparison.Ordinal);

        MqttWire four = await host.Connect311Async("four");
        host.Bridge.FailNextPublish(error);
        await four.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await four.ExpectClosedAsync();
    }

    [Fact]
    public async Task Both_stages_count_for_the_receive_maximum()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.ReceiveMaximum = 3);
        MqttWire wire = await host.Connect5Async("d");
        for (ushort id = 1; id <= 3; id++)
        {
            await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: id));
            await wire.ExpectAsync($"50 02 00 0{id}");
        }

        // One that comes again is no further one.
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 2, dup: true));
        await wire.ExpectAsync("50 02 00 02");
        await wire.SendHexAsync("62 02 00 02");
        await wire.ExpectAsync("70 02 00 02");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 4));
        await wire.ExpectAsync("40 02 00 04");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 5));
        await wire.ExpectAsync("50 02 00 05");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 6));
        await wire.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Fact]
    public async Task Before_version_5_every_identifier_may_wait_for_its_PUBREL()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.ReceiveMaximum = 16);
        MqttWire wire = await host.Connect311Async("d");
        for (int id = 1; id <= 65_535; id++)
        {
            await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: (ushort)id));
            await wire.ExpectAsync($"50 02 {id >> 8:X2} {id & 255:X2}");
        }

        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await wire.ExpectAsync("50 02 00 01");
        Assert.Equal(65_535, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task A_session_that_ends_with_its_connection_takes_its_identifiers_along()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await wire.ExpectAsync("50 02 00 01");
        await wire.BreakAsync();
        await wire.Served;
        wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await wire.ExpectAsync("50 02 00 01");
        Assert.Equal(2, host.Bridge.Published.Count);
    }
}
