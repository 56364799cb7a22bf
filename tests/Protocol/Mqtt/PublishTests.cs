using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class PublishTests
{
    [Fact]
    public async Task A_publish_reaches_the_log_as_topic_and_tag()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("sensors/kitchen/temp", "21.5", qos: 1, id: 10));
        await wire.ExpectAsync("40 02 00 0A");
        FakePublish published = Assert.Single(host.Bridge.Published);
        Assert.Equal(("sensors", "kitchen/temp", "21.5"), (published.Topic, published.Tag, published.Text));
        Assert.NotNull(published.OrderingHash);
    }

    [Fact]
    public async Task A_publish_is_acknowledged_only_when_it_is_durable()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 1, id: 1));
        await host.Bridge.WaitForPublishesAsync(1);
        await wire.ExpectSilenceAsync();
        host.Bridge.CompleteNext();
        await wire.ExpectAsync("40 02 00 01");
    }

    [Fact]
    public async Task Publishes_are_in_flight_together_and_acknowledged_in_their_order()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        MqttWire wire = await host.Connect5Async("d");
        for (ushort id = 1; id <= 50; id++)
            await wire.SendAsync(Packets.Publish("a/b", "x", qos: 1, id: id));
        await host.Bridge.WaitForPublishesAsync(50);
        Assert.Equal(50, host.Bridge.HeldCount);
        // A later one is answered at once: it still waits for those before it.
        host.Bridge.HoldPublishes = false;
        await wire.SendAsync(Packets.Publish("a/b", "y", qos: 1, id: 51));
        await host.Bridge.WaitForPublishesAsync(51);
        await wire.ExpectSilenceAsync();
        host.Bridge.CompleteAll();
        for (ushort id = 1; id <= 51; id++)
            Assert.Equal($"PUBACK id={id} reason=0 props={{}}", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task A_publish_that_comes_again_is_stored_again()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 3));
        await wire.ExpectAsync("40 02 00 03");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 3, dup: true));
        await wire.ExpectAsync("40 02 00 03");
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Theory]
    [InlineData(BridgeError.TopicNotFound, ReasonCode.TopicNameInvalid)]
    [InlineData(BridgeError.TopicInvalid, ReasonCode.TopicNameInvalid)]
    [InlineData(BridgeError.MessageTooLarge, ReasonCode.QuotaExceeded)]
    [InlineData(BridgeError.Busy, ReasonCode.QuotaExceeded)]
    [InlineData(BridgeError.ReadOnly, ReasonCode.QuotaExceeded)]
    [InlineData(BridgeError.NotAuthorized, ReasonCode.NotAuthorized)]
    [InlineData(BridgeError.PropertiesInvalid, ReasonCode.ImplementationSpecificError)]
    [InlineData(BridgeError.InvalidArgument, ReasonCode.ImplementationSpecificError)]
    [InlineData(BridgeError.Unreachable, ReasonCode.ImplementationSpecificError)]
    [InlineData(BridgeError.Unsupported, ReasonCode.ImplementationSpecificError)]
    [InlineData(BridgeError.Timeout, ReasonCode.UnspecifiedError)]
    [InlineData(BridgeError.Internal, ReasonCode.UnspecifiedError)]
    public async Task A_refusal_of_the_bridge_is_said_in_the_PUBACK_or_by_closing(BridgeError error, ReasonCode reason)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire five = await host.Connect5Async("five");
        host.Bridge.FailNextPublish(error);
        await five.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        Assert.StartsWith($"PUBACK id=1 reason={(int)reason} props={{ReasonString=", await five.ReadTextAsync(), StringComparison.Ordinal);
        await five.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        await five.ExpectAsync("40 02 00 01");

        MqttWire four = await host.Connect311Async("four");
        host.Bridge.FailNextPublish(error);
        await four.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        await four.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_want_reason_strings_gets_none()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d", p => p.Add(PropertyId.RequestProblemInformation, 0));
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        await wire.ExpectAsync("40 03 00 01 97");
    }

    [Fact]
    public async Task A_refused_publish_of_QoS_0_is_counted_and_the_connection_goes_on()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("d");
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.SendAsync(Packets.Publish("a", "x"));
        await Support.Eventually.True(() => host.Counted("mqtt.drops/publish-refused") == 1);
        await wire.ExpectSilenceAsync();
    }

    [Theory]
    [InlineData("30 06 00 03 61 2F 2B 00", ReasonCode.TopicNameInvalid, "a wildcard")]
    [InlineData("30 04 00 01 FF 00", ReasonCode.MalformedPacket, "a name that is not UTF-8")]
    [InlineData("32 06 00 01 61 00 00 00", ReasonCode.ProtocolError, "packet identifier 0")]
    [InlineData("30 06 00 01 61 02 0B 05", ReasonCode.ProtocolError, "a subscription identifier")]
    [InlineData("30 07 00 01 61 03 23 00 21", ReasonCode.TopicAliasInvalid, "an alias above the maximum")]
    [InlineData("30 07 00 01 61 03 23 00 00", ReasonCode.TopicAliasInvalid, "alias 0")]
    [InlineData("30 06 00 00 03 23 00 01", ReasonCode.ProtocolError, "an alias that was not set")]
    [InlineData("30 07 00 01 61 02 01 01 FF", ReasonCode.PayloadFormatInvalid, "a payload that is not the UTF-8 it is said to be")]
    public async Task A_bad_publish_disconnects_a_version_5_client(string bytes, ReasonCode reason, string because)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        Assert.NotEmpty(because);
        await wire.SendHexAsync(bytes);
        await wire.ExpectDisconnectAsync(reason);
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_topic_of_65535_levels_is_refused_in_the_PUBACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish(new string('/', 65_534), "x", qos: 1, id: 1));
        Assert.StartsWith("PUBACK id=1 reason=144 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Publish("$SYS/uptime", "x", qos: 1, id: 2));
        Assert.StartsWith("PUBACK id=2 reason=144 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 3, properties: p => p.Add(PropertyId.PayloadFormatIndicator, 1)));
        await wire.ExpectAsync("40 02 00 03");
    }

    [Fact]
    public async Task A_topic_alias_stands_for_the_name_it_was_set_to()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a/b", "1", qos: 1, id: 1, properties: p => p.Add(PropertyId.TopicAlias, 32)));
        await wire.SendAsync(Packets.Publish(string.Empty, "2", qos: 1, id: 2, properties: p => p.Add(PropertyId.TopicAlias, 32)));
        await wire.SendAsync(Packets.Publish("c", "3", qos: 1, id: 3, properties: p => p.Add(PropertyId.TopicAlias, 32)));
        await wire.SendAsync(Packets.Publish(string.Empty, "4", qos: 1, id: 4, properties: p => p.Add(PropertyId.TopicAlias, 32)));
        for (int id = 1; id <= 4; id++)
            Assert.Equal($"PUBACK id={id} reason=0 props={{}}", await wire.ReadTextAsync());
        Assert.Equal(["a b", "a b", "c ", "c "], host.Bridge.Published.Select(p => $"{p.Topic} {p.Tag}"));
    }

    [Fact]
    public async Task Every_alias_up_to_the_maximum_is_taken()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        for (ushort alias = 1; alias <= 32; alias++)
            await wire.SendAsync(Packets.Publish($"a/{alias}", "1", qos: 1, id: alias, properties: p => p.Add(PropertyId.TopicAlias, alias)));
        for (ushort alias = 1; alias <= 32; alias++)
            await wire.SendAsync(Packets.Publish(string.Empty, "2", qos: 1, id: (ushort)(32 + alias), properties: p => p.Add(PropertyId.TopicAlias, alias)));
        for (int id = 1; id <= 64; id++)
            Assert.Equal($"PUBACK id={id} reason=0 props={{}}", await wire.ReadTextAsync());
        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"{(i % 32) + 1}"), host.Bridge.Published.Select(p => p.Tag));
    }

    [Fact]
    public async Task More_than_the_receive_maximum_disconnects_version_5_and_stops_reading_before()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.ReceiveMaximum = 3);
        host.Bridge.HoldPublishes = true;
        MqttWire five = await host.Connect5Async("five");
        for (ushort id = 1; id <= 4; id++)
            await five.SendAsync(Packets.Publish("a", "x", qos: 1, id: id));
        await five.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
        Assert.Equal(3, host.Bridge.Published.Count);

        MqttWire four = await host.Connect311Async("four");
        for (ushort id = 1; id <= 10; id++)
            await four.SendAsync(Packets.Publish("a", "x", qos: 1, id: id));
        await host.Bridge.WaitForPublishesAsync(6);
        Assert.Equal(6, host.Bridge.Published.Count);
        // Silence is not the client's fault now.
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        for (ushort id = 1; id <= 10; id++)
        {
            await host.Bridge.WaitForPublishesAsync(Math.Min(13, 5 + id));
            while (host.Bridge.HeldCount > 0)
                host.Bridge.CompleteNext();
            await four.ExpectAsync($"40 02 00 {id:X2}");
        }
    }

    [Fact]
    public async Task Properties_of_version_5_are_kept_with_the_message()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a", "{}", qos: 1, id: 1, properties: p => p
            .Add(PropertyId.PayloadFormatIndicator, 1)
            .Add(PropertyId.MessageExpiryInterval, 60)
            .Add(PropertyId.ContentType, "application/json")
            .Add(PropertyId.ResponseTopic, "reply/1")
            .Add(PropertyId.CorrelationData, [0xFF, 0x00])
            .AddUser("k"u8, "v"u8)
            .AddUser("TAGS"u8, "mine"u8)));
        await wire.ExpectAsync("40 02 00 01");
        FakePublish published = Assert.Single(host.Bridge.Published);
        Assert.Equal("1", published[PropertyNames.MqttPayloadFormat]);
        Assert.Equal("application/json", published[PropertyNames.MqttContentType]);
        Assert.Equal("reply/1", published[PropertyNames.MqttResponseTopic]);
        Assert.Equal("_wA", published[PropertyNames.MqttCorrelationData]);
        Assert.Equal(host.Clock.GetUtcNow().AddSeconds(60).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), published[PropertyNames.MqttExpiresAt]);
        Assert.Equal("v", published["k"u8]);
        Assert.Null(published.Tag);
        Assert.Equal("mine", published["user:TAGS"u8]);
    }

    [Fact]
    public async Task A_user_property_that_the_log_cannot_keep_is_refused()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1, properties: p => p.AddUser("k"u8, "a\u0001b"u8)));
        Assert.StartsWith("PUBACK id=1 reason=131 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_packets_in_one_read_and_one_packet_in_many_reads_are_the_same()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("d");
        byte[] two = [.. PacketText.Encode(Packets.Publish("a/b", "1", qos: 1, id: 1), wire.Version), .. PacketText.Encode(Packets.Publish("a/b", "2", qos: 1, id: 2), wire.Version)];
        await wire.SendAsync(two);
        foreach (byte piece in two)
            await wire.SendAsync([piece]);
        foreach (int id in (int[])[1, 2, 1, 2])
            await wire.ExpectAsync($"40 02 00 0{id}");
        Assert.Equal(["1", "2", "1", "2"], host.Bridge.Published.Select(p => Encoding.UTF8.GetString(p.Body)));
    }
}
