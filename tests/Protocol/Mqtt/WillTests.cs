using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class WillTests
{
    private static readonly Action<PropertyBlockWriter> DelayOf30 = properties => properties.Add(PropertyId.WillDelayInterval, 30);
    private static readonly Action<PropertyBlockWriter> SessionOf100 = properties => properties.Add(PropertyId.SessionExpiryInterval, 100);

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_connection_that_breaks_leaves_its_will(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", version));
        Assert.Empty(host.Bridge.Published);
        await wire.BreakAsync();
        await wire.Served;
        FakePublish will = Assert.Single(host.Bridge.Published);
        Assert.Equal(("state", "d", "gone"), (will.Topic, will.Tag, will.Text));
        Assert.Equal(1, host.Counted("mqtt.wills/published"));
    }

    [Theory]
    [InlineData(4, "E0 00", false)]
    [InlineData(5, "E0 00", false)]
    [InlineData(5, "E0 01 00", false)]
    [InlineData(5, "E0 01 04", true)]
    [InlineData(5, "E0 01 80", true)]
    [InlineData(5, "E0 01 99", true)]
    public async Task A_goodbye_deletes_the_will_unless_its_reason_asks_for_it(int version, string disconnect, bool published)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", version));
        Assert.Equal(1, await KeptAsync(host));
        await wire.SendHexAsync(disconnect);
        await wire.ExpectClosedAsync();
        Assert.Equal(published ? 1 : 0, host.Bridge.Published.Count);
        Assert.Equal(0, await KeptAsync(host));
    }

    [Theory]
    [InlineData("82 02 00 01", "a protocol error")]
    [InlineData("00 00", "a malformed packet")]
    [InlineData("E0 01 01", "a goodbye that is malformed")]
    public async Task A_client_that_is_disconnected_for_its_mistake_leaves_its_will(string bytes, string because)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 4));
        Assert.NotEmpty(because);
        await wire.SendHexAsync(bytes);
        await wire.ExpectClosedAsync();
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_keep_alive_that_runs_out_leaves_the_will()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 4));
        host.Clock.Advance(TimeSpan.FromSeconds(92));
        await wire.ExpectClosedAsync();
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task Properties_QoS_and_payload_of_a_will_are_those_of_its_message()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5, qos: 2, willProperties: p => p
            .Add(PropertyId.PayloadFormatIndicator, 1)
            .Add(PropertyId.MessageExpiryInterval, 60)
            .Add(PropertyId.ContentType, "text/plain")
            .Add(PropertyId.ResponseTopic, "reply/1")
            .Add(PropertyId.CorrelationData, [0xFF, 0x00])
            .AddUser("k"u8, "v"u8)));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await wire.BreakAsync();
        await wire.Served;
        FakePublish will = Assert.Single(host.Bridge.Published);
        Assert.Equal("2", will["mqtt.qos"u8]);
        Assert.Equal("1", will[PropertyNames.MqttPayloadFormat]);
        Assert.Equal("text/plain", will[PropertyNames.MqttContentType]);
        Assert.Equal("reply/1", will[PropertyNames.MqttResponseTopic]);
        Assert.Equal("_wA", will[PropertyNames.MqttCorrelationData]);
        Assert.Equal("v", will["k"u8]);
        // Its life begins when it is published.
        Assert.Equal(host.Clock.GetUtcNow().AddSeconds(60).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture), will[PropertyNames.MqttExpiresAt]);
    }

    [Fact]
    public async Task A_will_reaches_subscribers()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire watcher = await host.Connect311Async("watcher");
        await watcher.SendAsync(Packets.Subscribe(1, ("state/+", 1)));
        await watcher.ExpectAsync("90 03 00 01 01");
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5));
        await wire.BreakAsync();
        Assert.StartsWith("PUBLISH dup=0 qos=1 retain=0 topic=state/d ", await watcher.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_user_properties_of_a_will_keep_their_order()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire watcher = await host.Connect5Async("watcher");
        await watcher.SendAsync(Packets.Subscribe(1, ("state/+", 0)));
        await watcher.ReadTextAsync();
        await BreakAsync(host, Packets.ConnectWithWill("d", 5, p => p.AddUser("k"u8, "2"u8).AddUser("a"u8, "1"u8).AddUser("k"u8, "1"u8).AddUser("k"u8, "2"u8)));
        Assert.Equal(
            "PUBLISH dup=0 qos=0 retain=0 topic=state/d id=0 props={UserProperty=k:2;UserProperty=a:1;UserProperty=k:1;UserProperty=k:2} payload=676F6E65",
            await watcher.ReadTextAsync());
    }

    [Theory]
    [InlineData("state/d", "a\u0001b")]
    [InlineData("$SYS/no", "v")]
    public async Task A_CONNECT_that_is_refused_for_its_will_changes_nothing(string topic, string value)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await host.ResumeAsync("d", 5, present: false);
        MqttWire refused = host.Open();
        await refused.SendAsync(Packets.ConnectWithWill("d", 5, p => p.AddUser("k"u8, Encoding.UTF8.GetBytes(value)), topic: topic, clean: false));
        Assert.Matches("^CONNACK present=0 code=1[0-9][0-9] ", await refused.ReadTextAsync());
        await refused.ExpectClosedAsync();
        await wire.ExpectSilenceAsync();
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        await host.ResumeAsync("d", 5, present: true);
    }

    [Fact]
    public async Task A_session_that_ends_because_its_will_cannot_be_kept_ends_once()
    {
        var log = new FakeLog();
        await using MqttHost host = await MqttHost.StartAsync(log: log);
        foreach (string clientId in new[] { "d", "e" })
        {
            MqttWire wire = await host.ResumeAsync(clientId, 5, present: false);
            await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
            await wire.ReadTextAsync();
            await wire.BreakAsync();
            await wire.Served.Within("the connection has ended");
        }

        // First the session is written, then the will.
        int puts = 0;
        host.Bridge.StatePause = () => ++puts < 2 ? Task.CompletedTask : throw new BridgeException(BridgeError.Busy, "no room for a will");
        MqttWire refused = host.Open();
        await refused.SendAsync(Packets.ConnectWithWill("d", 5, clean: false));
        Assert.StartsWith("CONNACK present=0 code=151 ", await refused.ReadTextAsync(), StringComparison.Ordinal);
        await refused.ExpectClosedAsync();
        host.Bridge.StatePause = null;
        // The other session has the queue of the filter still.
        Assert.Equal(["a"], log.FilterQueues.Filters);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_will_is_retained_when_it_asks_for_it(bool retain)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        await BreakAsync(host, Packets.ConnectWithWill("d", 5, retain: retain));
        MqttWire watcher = await host.Connect311Async("watcher");
        await watcher.SendAsync(Packets.Subscribe(1, ("state/+", 1)));
        await watcher.ExpectAsync("90 03 00 01 01");
        if (retain)
            Assert.StartsWith("PUBLISH dup=0 qos=1 retain=1 topic=state/d ", await watcher.ReadTextAsync(), StringComparison.Ordinal);
        await watcher.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_will_waits_for_its_delay_and_no_longer_than_its_session()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        await BreakAsync(host, Packets.ConnectWithWill("waits", 5, DelayOf30, SessionOf100));
        await BreakAsync(host, Packets.ConnectWithWill("short", 5, DelayOf30, p => p.Add(PropertyId.SessionExpiryInterval, 10), topic: "state/short"));
        await BreakAsync(host, Packets.ConnectWithWill("none", 5, DelayOf30, topic: "state/none"));
        Assert.Equal(["none"], host.Bridge.Published.Select(p => p.Tag));
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        await host.Bridge.WaitForPublishesAsync(2);
        Assert.Equal("short", host.Bridge.Published[1].Tag);
        host.Clock.Advance(TimeSpan.FromSeconds(17));
        Assert.Equal(2, host.Bridge.Published.Count);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        await host.Bridge.WaitForPublishesAsync(3);
        Assert.Equal("d", host.Bridge.Published[2].Tag);
    }

    [Fact]
    public async Task A_goodbye_may_shorten_the_session_and_with_it_the_delay()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5, DelayOf30, SessionOf100));
        await wire.SendHexAsync("E0 07 04 05 11 00 00 00 00");
        await wire.ExpectClosedAsync();
        Assert.Single(host.Bridge.Published);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task A_client_that_comes_back_within_the_delay_cancels_its_will_unless_it_starts_clean(bool clean, int published)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        await BreakAsync(host, Packets.ConnectWithWill("d", 5, DelayOf30, SessionOf100, clean: false));
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        MqttWire back = await ConnectAsync(host, Packets.ConnectWithWill("d", 5, DelayOf30, SessionOf100, topic: "state/again", clean: clean));
        Assert.Equal(published, host.Bridge.Published.Count);
        host.Clock.Advance(TimeSpan.FromSeconds(40));
        await back.ExpectSilenceAsync();
        Assert.Equal(published, host.Bridge.Published.Count);
        Assert.Equal(1, await KeptAsync(host));
    }

    [Theory]
    [InlineData(false, 0, 1)]
    [InlineData(false, 30, 0)]
    [InlineData(true, 0, 1)]
    [InlineData(true, 30, 1)]
    public async Task A_take_over_sends_the_will_but_for_a_session_that_goes_on_before_the_delay(bool clean, uint delay, int published)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5, p => p.Add(PropertyId.WillDelayInterval, delay), SessionOf100, clean: false));
        MqttWire other = await ConnectAsync(host, Packets.ConnectWithWill("d", 5, properties: SessionOf100, topic: "state/other", clean: clean));
        await wire.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.Equal(published, host.Bridge.Published.Count);
        await other.SendHexAsync("E0 00");
        await other.ExpectClosedAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(published, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task A_will_of_a_gateway_that_crashed_is_published_when_it_starts_again()
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(log: log);
        await ConnectAsync(crashed, Packets.ConnectWithWill("plain", 5));
        await ConnectAsync(crashed, Packets.ConnectWithWill("delayed", 5, DelayOf30, SessionOf100, topic: "state/delayed", clean: false));
        await ConnectAsync(crashed, Packets.ConnectWithWill("back", 5, DelayOf30, SessionOf100, topic: "state/back", clean: false));
        await BreakAsync(crashed, Packets.ConnectWithWill("waiting", 5, DelayOf30, SessionOf100, topic: "state/waiting", clean: false));

        await using MqttHost host = await MqttHost.StartAsync(log: log, clock: new ManualClock(crashed.Clock.GetUtcNow().AddSeconds(20)));
        MqttWire back = await ConnectAsync(host, PacketText.Encode(new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = "back" }, ProtocolVersion.Mqtt5));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.Bridge.WaitForPublishesAsync(2);
        await back.ExpectSilenceAsync();
        Assert.Equal(["d", "waiting"], host.Bridge.Published.Select(p => p.Tag));
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        await host.Bridge.WaitForPublishesAsync(3);
        Assert.Equal("delayed", host.Bridge.Published[2].Tag);
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        await back.ExpectSilenceAsync();
        Assert.Equal(3, host.Bridge.Published.Count);
        Assert.Equal(0, await KeptAsync(host));
    }

    [Fact]
    public async Task In_a_cluster_the_wills_of_a_gateway_that_is_not_seen_any_more_are_published_by_another()
    {
        var log = new FakeLog();
        await using MqttHost dead = await MqttHost.StartAsync(log: log, isShared: true);
        await ConnectAsync(dead, Packets.ConnectWithWill("d", 5));
        await using MqttHost other = await MqttHost.StartAsync(log: log, isShared: true);
        MqttWire watcher = await other.Connect311Async("watcher");
        other.Clock.Advance(TimeSpan.FromSeconds(61));
        await watcher.ExpectSilenceAsync();
        Assert.Empty(other.Bridge.Published);
        await Eventually.True(
            () =>
            {
                other.Clock.Advance(TimeSpan.FromSeconds(5));
                return other.Bridge.Published.Count == 1;
            },
            "the other gateway published the will");
        await Eventually.True(() => other.Counted("mqtt.wills/published") == 1);
        Assert.Equal(0, await KeptAsync(other));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_crash_while_a_will_was_published_publishes_it_once(bool stored, int again)
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(log: log);
        crashed.Bridge.HoldPublishes = true;
        MqttWire wire = await ConnectAsync(crashed, Packets.ConnectWithWill("d", 5));
        await wire.BreakAsync();
        await crashed.Bridge.WaitForPublishesAsync(1);
        // The mark is there, and the message perhaps: then the gateway dies.
        KeyValuePair<string, ReadOnlyMemory<byte>> mark = Assert.Single(await ListAsync(crashed));
        if (stored)
        {
            crashed.Bridge.CompleteAll();
            await wire.Served;
            await crashed.Bridge.State.PutAsync("mqtt.will", mark.Key, mark.Value);
        }

        try
        {
            await using MqttHost host = await MqttHost.StartAsync(log: log, clock: new ManualClock(crashed.Clock.GetUtcNow().AddSeconds(5)));
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            await Eventually.True(() => host.Counted("mqtt.wills/published") == 1);
            Assert.Equal(again, host.Bridge.Published.Count);
            Assert.Equal(0, await KeptAsync(host));
        }
        finally
        {
            crashed.Bridge.FailHeld(BridgeError.Unsupported);
        }
    }

    [Fact]
    public async Task A_will_that_cannot_be_published_now_is_tried_again()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5));
        host.Bridge.FailNextPublish(BridgeError.Busy);
        await wire.BreakAsync();
        await wire.Served;
        Assert.Empty(host.Bridge.Published);
        Assert.Equal(1, await KeptAsync(host));
        host.Clock.Advance(TimeSpan.FromSeconds(6));
        await host.Bridge.WaitForPublishesAsync(1);
        await Eventually.True(() => host.Counted("mqtt.wills/published") == 1);
    }

    [Fact]
    public async Task A_will_that_the_log_refuses_for_good_is_dropped_and_counted()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, Packets.ConnectWithWill("d", 5));
        host.Bridge.FailNextPublish(BridgeError.NotAuthorized);
        await wire.BreakAsync();
        await wire.Served;
        Assert.Equal(1, host.Counted("mqtt.wills/refused"));
        Assert.Equal(0, await KeptAsync(host));
    }

    [Fact]
    public async Task A_will_that_can_be_no_message_is_refused_in_the_CONNACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire topic = host.Open();
        await topic.SendAsync(Packets.ConnectWithWill("d", 5, topic: new string('x', 200)));
        Assert.StartsWith("CONNACK present=0 code=144 ", await topic.ReadTextAsync(), StringComparison.Ordinal);
        await topic.ExpectClosedAsync();
        MqttWire property = host.Open();
        await property.SendAsync(Packets.ConnectWithWill("d", 5, p => p.AddUser("k"u8, "a\u0001b"u8)));
        Assert.StartsWith("CONNACK present=0 code=133 ", await property.ReadTextAsync(), StringComparison.Ordinal);
        await property.ExpectClosedAsync();
        MqttWire levels = host.Open();
        await levels.SendAsync(Packets.ConnectWithWill("d", 4, topic: new string('/', 60_000)));
        await levels.ExpectClosedAsync();
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_server_that_stops_leaves_wills_to_its_next_start()
    {
        var log = new FakeLog();
        MqttHost stopping = await MqttHost.StartAsync(log: log);
        await ConnectAsync(stopping, Packets.ConnectWithWill("d", 5));
        await stopping.DisposeAsync();
        Assert.Empty(stopping.Bridge.Published);
        await using MqttHost host = await MqttHost.StartAsync(log: log);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Bridge.WaitForPublishesAsync(1);
    }

    [Fact]
    public async Task More_waiting_wills_than_the_limit_do_not_wait()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.PendingWills = 2, new FakeLog());
        for (int i = 0; i < 4; i++)
            await BreakAsync(host, Packets.ConnectWithWill($"d{i}", 5, DelayOf30, SessionOf100, topic: $"state/{i}", clean: false));
        Assert.Equal(["2", "3"], host.Bridge.Published.Select(p => p.Tag));
        Assert.Equal(2, host.Counted("mqtt.wills/cut-short"));
        // Those that were cancelled leave their room.
        await ConnectAsync(host, Packets.ConnectWithWill("d0", 5, DelayOf30, SessionOf100, clean: false));
        await BreakAsync(host, Packets.ConnectWithWill("d5", 5, DelayOf30, SessionOf100, topic: "state/5", clean: false));
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    private static async Task<MqttWire> ConnectAsync(MqttHost host, byte[] connect)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(connect);
        Assert.Matches("^CONNACK present=[01] code=0 ", await wire.ReadTextAsync());
        return wire;
    }

    private static async Task BreakAsync(MqttHost host, byte[] connect)
    {
        MqttWire wire = await ConnectAsync(host, connect);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
    }

    private static async Task<int> KeptAsync(MqttHost host) => (await ListAsync(host)).Count;

    private static async Task<List<KeyValuePair<string, ReadOnlyMemory<byte>>>> ListAsync(MqttHost host)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> wills = [];
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> will in host.Bridge.State.ListAsync("mqtt.will"))
            wills.Add(will);
        return wills;
    }
}
