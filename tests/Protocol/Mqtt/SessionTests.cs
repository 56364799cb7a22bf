using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class SessionTests
{
    private readonly FakeLog _log = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_client_that_comes_back_gets_what_came_meanwhile_in_order()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await host.ResumeAsync("d", 4, present: false);
        await wire.SendAsync(Packets.Subscribe(1, ("a/+", 1)));
        await wire.ExpectAsync("90 03 00 01 01");
        await LeaveAsync(wire);
        for (int i = 0; i < 3; i++)
            await PublishAsync(host, "a", $"{i}", $"{i}");
        wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", 4));
        await wire.ExpectAsync("20 02 01 00");
        await wire.ExpectAsync("32 08 00 03 61 2F 30 00 01 30");
        await wire.ExpectAsync("32 08 00 03 61 2F 31 00 02 31");
        await wire.ExpectAsync("32 08 00 03 61 2F 32 00 03 32");
        await PublishAsync(host, "a", "3", "3");
        await wire.ExpectAsync("32 08 00 03 61 2F 33 00 04 33");
        Assert.Equal(["a/+"], _log.FilterQueues.Filters);
    }

    [Fact]
    public async Task What_was_not_acknowledged_is_sent_again_as_it_was_before_anything_new()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", ("a", 1));
        for (int i = 0; i < 3; i++)
            await PublishAsync(host, "a", null, $"{i}");
        for (int i = 0; i < 3; i++)
            await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(2));
        await wire.ExpectSilenceAsync();
        await LeaveAsync(wire);
        await PublishAsync(host, "a", null, "3");
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=1 props={} payload=30", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=3 props={} payload=32", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=a id=4 props={} payload=33", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task QoS_2_goes_through_its_four_packets()
    {
        await using MqttHost host = await StartAsync();
        foreach (bool isKept in new[] { true, false })
        {
            MqttWire wire = isKept ? await SubscribedAsync(host, "kept", ("a", 2)) : await CleanAsync(host, "clean", ("a", 2));
            await PublishAsync(host, "a", null, "x", ("mqtt.qos", "2"));
            Assert.Equal("PUBLISH dup=0 qos=2 retain=0 topic=a id=1 props={} payload=78", await wire.ReadTextAsync());
            await wire.SendAsync(Packets.Acknowledge(PacketType.Puback, 1));
            await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 1));
            await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
            await wire.ExpectAsync("62 02 00 01");
            await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
            await wire.ExpectAsync("62 02 00 01");
            await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 1));
            await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
            await wire.ExpectAsync("62 03 00 01 92");
            await LeaveAsync(wire);
        }
    }

    [Fact]
    public async Task A_PUBREC_that_refuses_ends_a_delivery()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", p => p.Add(PropertyId.ReceiveMaximum, 1), ("a", 2));
        await PublishAsync(host, "a", null, "1", ("mqtt.qos", "2"));
        await PublishAsync(host, "a", null, "2", ("mqtt.qos", "2"));
        Assert.Contains("id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1, ReasonCode.UnspecifiedError));
        Assert.Contains("id=2 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task QoS_2_goes_on_where_it_was_through_a_kill()
    {
        MqttHost killed = await StartAsync();
        MqttWire wire = await SubscribedAsync(killed, "d", ("a", 2));
        await PublishAsync(killed, "a", null, "1", ("mqtt.qos", "2"));
        await PublishAsync(killed, "a", null, "2", ("mqtt.qos", "2"));
        await wire.ReadTextAsync();
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
        await wire.ExpectAsync("62 02 00 01");
        // Nothing more is written by the one that is there: what it wrote so far is what a kill leaves.
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBREL id=1 reason=0 props={}", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=1 qos=2 retain=0 topic=a id=2 props={} payload=32", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 1));
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 2));
        await wire.ExpectAsync("62 02 00 02");
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 2));
        await wire.ExpectSilenceAsync();
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task After_a_kill_QoS_1_may_come_again_with_DUP_and_nothing_is_lost()
    {
        MqttHost killed = await StartAsync();
        MqttWire wire = await SubscribedAsync(killed, "d", ("a", 2));
        await PublishAsync(killed, "a", null, "1");
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(1));
        await wire.ExpectSilenceAsync();
        FakeLog left = _log.Copy();
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        await using MqttHost host = await StartAsync(left);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        await PublishAsync(host, "a", null, "2");
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=1 props={} payload=31", await wire.ReadTextAsync());
        // The one that was killed cannot have sent what was stored after it.
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=a id=2 props={} payload=32", await wire.ReadTextAsync());
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task What_is_in_flight_on_a_broker_that_is_not_there_waits_for_it()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", ("a", 1));
        await PublishAsync(host, "a", null, "1");
        await wire.ReadTextAsync();
        await LeaveAsync(wire);
        await PublishAsync(host, "a", null, "2");
        _log.FilterQueues.IsAway = true;
        wire = await host.ResumeAsync("d", 5, present: true);
        await Eventually.True(() => _log.FilterQueues.MessageReads == 1, "the message in flight was asked for");
        await wire.ExpectSilenceAsync();
        _log.FilterQueues.IsAway = false;
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return _log.FilterQueues.MessageReads == 2;
            },
            "it was asked for again");
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=1 props={} payload=31", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=a id=2 props={} payload=32", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task After_a_kill_what_QoS_2_had_not_begun_is_new()
    {
        MqttHost killed = await StartAsync();
        MqttWire wire = await SubscribedAsync(killed, "d", p => p.Add(PropertyId.ReceiveMaximum, 1), ("a", 2));
        await PublishAsync(killed, "a", null, "1", ("mqtt.qos", "2"));
        await PublishAsync(killed, "a", null, "2", ("mqtt.qos", "2"));
        await wire.ReadTextAsync();
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=2 retain=0 topic=a id=1 props={} payload=31", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=2 retain=0 topic=a id=2 props={} payload=32", await wire.ReadTextAsync());
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task What_a_killed_gateway_may_have_sent_has_DUP_also_at_the_connection_after_the_next()
    {
        MqttHost killed = await StartAsync();
        MqttWire wire = await SubscribedAsync(killed, "d", ("a", 1));
        await PublishAsync(killed, "a", null, "1");
        await PublishAsync(killed, "a", null, "2");
        await wire.ReadTextAsync();
        await wire.ReadTextAsync();
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true, properties: p => p.Add(PropertyId.ReceiveMaximum, 1));
        Assert.StartsWith("PUBLISH dup=1 qos=1 retain=0 topic=a id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await LeaveAsync(wire);
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.EndsWith("payload=31", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=2 props={} payload=32", await wire.ReadTextAsync());
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task Progress_is_saved_now_and_then()
    {
        MqttHost killed = await StartAsync();
        MqttWire wire = await SubscribedAsync(killed, "d", ("a", 1));
        await PublishAsync(killed, "a", null, "1");
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(1));
        await wire.ExpectSilenceAsync();
        int before = _log.Writes;
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.True(() => _log.Writes > before, "progress was saved");
        await using MqttHost host = await StartAsync(_log.Copy());
        await PublishAsync(host, "a", null, "2");
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.EndsWith("payload=32", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task A_clean_start_discards_the_session_and_the_queue_of_its_filter()
    {
        await using MqttHost host = await StartAsync();
        await LeaveAsync(await SubscribedAsync(host, "d", ("a", 1)));
        await PublishAsync(host, "a", null, "1");
        MqttWire wire = await host.ResumeAsync("d", 5, present: false, cleanStart: true);
        await wire.ExpectSilenceAsync();
        Assert.Empty(_log.FilterQueues.Filters);
        await LeaveAsync(wire);
        await (await host.ResumeAsync("d", 5, present: true)).ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_filter_keeps_its_queue_while_any_session_uses_it()
    {
        await using MqttHost host = await StartAsync();
        MqttWire first = await SubscribedAsync(host, "d", ("a", 1), ("b", 1));
        MqttWire second = await SubscribedAsync(host, "e", ("a", 2));
        Assert.Equal(["a", "b"], _log.FilterQueues.Filters);
        await first.SendAsync(Packets.Unsubscribe(2, "a", "b", "c"));
        Assert.Equal("UNSUBACK id=2 props={} codes=000011", await first.ReadTextAsync());
        Assert.Equal(["a"], _log.FilterQueues.Filters);
        await PublishAsync(host, "a", null, "1");
        Assert.EndsWith("payload=31", await second.ReadTextAsync(), StringComparison.Ordinal);
        await first.ExpectSilenceAsync();
        await second.SendAsync(Packets.Unsubscribe(2, "a"));
        await second.ReadTextAsync();
        Assert.Empty(_log.FilterQueues.Filters);
    }

    [Fact]
    public async Task A_session_ends_when_its_time_is_over()
    {
        await using MqttHost host = await StartAsync();
        await LeaveAsync(await SubscribedAsync(host, "d", ("a", 1)));
        _clock.Advance(TimeSpan.FromSeconds(3599));
        await LeaveAsync(await host.ResumeAsync("d", 5, present: true, expiry: 100));
        // The sweep waits by the clock from when it ended last: the clock goes on until it has looked.
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(101));
                return _log.FilterQueues.Filters.Count == 0;
            },
            "the session was swept away");
        await host.ResumeAsync("d", 5, present: false);
    }

    [Fact]
    public async Task DISCONNECT_may_change_how_long_a_session_lives()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", ("a", 1));
        await wire.SendAsync(new ReasonPacket { Type = PacketType.Disconnect, Properties = new PropertyBlockWriter().Add(PropertyId.SessionExpiryInterval, 0).Block });
        await wire.ExpectClosedAsync();
        wire = await host.ResumeAsync("d", 5, present: false, expiry: 0);
        await wire.SendAsync(new ReasonPacket { Type = PacketType.Disconnect, Properties = new PropertyBlockWriter().Add(PropertyId.SessionExpiryInterval, 5).Block });
        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task A_wish_for_longer_than_allowed_is_answered_with_what_is_granted()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumSessionExpiry = TimeSpan.FromMinutes(1), _log, _clock);
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", 5));
        Assert.StartsWith("CONNACK present=0 code=0 props={SessionExpiryInterval=60;", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_gets_its_backlog_as_fast_as_it_acknowledges()
    {
        await using MqttHost host = await StartAsync();
        await LeaveAsync(await SubscribedAsync(host, "d", ("a", 1)));
        for (int i = 0; i < 50; i++)
            await PublishAsync(host, "a", null, $"{i:00}");
        MqttWire wire = await host.ResumeAsync("d", 5, present: true, properties: p => p.Add(PropertyId.ReceiveMaximum, 3));
        for (int i = 0; i < 50; i++)
        {
            string text = await wire.ReadTextAsync();
            Assert.EndsWith($"payload={Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes($"{i:00}"))}", text, StringComparison.Ordinal);
            if (i == 2)
                await wire.ExpectSilenceAsync();
            if (i >= 2)
                await wire.SendAsync(Packets.Puback((ushort)(i - 1)));
        }
    }

    [Fact]
    public async Task A_connection_that_takes_a_session_over_gets_what_the_other_did_not_acknowledge()
    {
        await using MqttHost host = await StartAsync();
        MqttWire first = await SubscribedAsync(host, "d", ("a", 1));
        await PublishAsync(host, "a", null, "1");
        await first.ReadTextAsync();
        MqttWire second = await host.ResumeAsync("d", 5, present: true);
        await first.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=1 props={} payload=31", await second.ReadTextAsync());
    }

    [Fact]
    public async Task Subscriptions_that_overlap_bring_a_copy_each_with_its_own_QoS_and_identifier()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await host.ResumeAsync("d", 5, present: false);
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 7), ("a/#", 1)));
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Subscribe(2, p => p.Add(PropertyId.SubscriptionIdentifier, 8), ("a/b", 2)));
        await wire.ReadTextAsync();
        await LeaveAsync(wire);
        await PublishAsync(host, "a", "b", "1", ("mqtt.qos", "2"));
        wire = await host.ResumeAsync("d", 5, present: true);
        string[] copies = [await wire.ReadTextAsync(), await wire.ReadTextAsync()];
        Assert.Contains(copies, copy => copy.Contains("qos=1", StringComparison.Ordinal) && copy.Contains("SubscriptionIdentifier=7", StringComparison.Ordinal));
        Assert.Contains(copies, copy => copy.Contains("qos=2", StringComparison.Ordinal) && copy.Contains("SubscriptionIdentifier=8", StringComparison.Ordinal));
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task What_was_published_at_QoS_0_is_not_kept_for_who_is_away_and_reaches_who_is_there()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", ("a", 1), ("b", 0));
        await PublishAsync(host, "a", null, "0", ("mqtt.qos", "0"));
        Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=a id=0 props={} payload=30", await wire.ReadTextAsync());
        await PublishAsync(host, "b", null, "1");
        Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=b id=0 props={} payload=31", await wire.ReadTextAsync());
        await LeaveAsync(wire);
        MqttWire watcher = await CleanAsync(host, "watcher", ("b", 0));
        await PublishAsync(host, "a", null, "2", ("mqtt.qos", "0"));
        await PublishAsync(host, "b", null, "3");
        // The front is through with it: what is still on its way may reach who comes back.
        await watcher.ReadTextAsync();
        wire = await host.ResumeAsync("d", 5, present: true);
        await PublishAsync(host, "b", null, "4");
        Assert.EndsWith("payload=34", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task What_is_cut_off_a_backlog_is_counted()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumBacklog = 4, _log, _clock);
        await LeaveAsync(await SubscribedAsync(host, "d", ("a", 1)));
        for (int i = 0; i < 10; i++)
            await PublishAsync(host, "a", null, $"{i}");
        _log.FilterQueues.Trim("a", 8);
        SessionState away = (await host.Sessions.FindAsync("d"))!;
        Assert.Equal((0, 2, 8), (away.LeftOut, away.Subscriptions[0].Waiting, away.Subscriptions[0].LeftOut));
        MqttWire wire = await host.ResumeAsync("d", 5, present: true);
        string behind = await wire.ReadTextAsync();
        Assert.EndsWith("payload=38", behind, StringComparison.Ordinal);
        // The client is told once how many are gone.
        Assert.Contains("UserProperty=protobridge.missing:8", behind, StringComparison.Ordinal);
        Assert.EndsWith("props={} payload=39", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(6, host.Counted("mqtt.drops/backlog-limit"));
        Assert.Equal(2, host.Counted("mqtt.drops/backlog-gone"));
        await LeaveAsync(wire);

        // It stays counted when the session has gone on.
        SessionState left = (await host.Sessions.FindAsync("d"))!;
        Assert.Equal((8, 0), (left.LeftOut, left.Subscriptions[0].LeftOut));
    }

    [Fact]
    public async Task A_receive_maximum_of_a_thousand_is_filled_at_once_and_kept_full()
    {
        await using MqttHost host = await StartAsync();
        await LeaveAsync(await SubscribedAsync(host, "d", ("a", 1)));
        for (int i = 0; i < 2500; i++)
            await PublishAsync(host, "a", null, $"{i:0000}");
        MqttWire wire = await host.ResumeAsync("d", 5, present: true, properties: p => p.Add(PropertyId.ReceiveMaximum, 1000));
        for (int i = 0; i < 2500; i++)
        {
            string text = await wire.ReadTextAsync();
            Assert.EndsWith($"payload={Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes($"{i:0000}"))}", text, StringComparison.Ordinal);
            // The first thousand come without an acknowledgement; then each brings the next.
            if (i == 999)
                await wire.ExpectSilenceAsync();
            if (i >= 999)
                await wire.SendAsync(Packets.Puback((ushort)(i - 998)));
        }
    }

    [Fact]
    public async Task Subscribing_again_keeps_the_place_and_changes_the_options()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", p => p.Add(PropertyId.ReceiveMaximum, 1), ("a", 1));
        for (int i = 0; i < 3; i++)
            await PublishAsync(host, "a", null, $"{i}");
        Assert.EndsWith("payload=30", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Subscribe(2, ("a", 0)));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Puback(1));
        Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=a id=0 props={} payload=31", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=a id=0 props={} payload=32", await wire.ReadTextAsync());
    }

    [Fact]
    public async Task What_was_sent_is_sent_again_after_its_expiry_too()
    {
        await using MqttHost host = await StartAsync();
        MqttWire wire = await SubscribedAsync(host, "d", p => p.Add(PropertyId.ReceiveMaximum, 1), ("a", 2));
        string expiry = _clock.GetUtcNow().AddSeconds(5).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        await PublishAsync(host, "a", null, "sent", ("mqtt.qos", "2"), ("mqtt.expires-at", expiry));
        await PublishAsync(host, "a", null, "late", ("mqtt.qos", "2"), ("mqtt.expires-at", expiry));
        Assert.Contains("MessageExpiryInterval=5", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await LeaveAsync(wire);
        _clock.Advance(TimeSpan.FromSeconds(10));
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=2 retain=0 topic=a id=1 props={MessageExpiryInterval=1} payload=73656E74", await wire.ReadTextAsync());
        await wire.ExpectSilenceAsync();
        Assert.Equal(1, host.Counted("mqtt.drops/expired"));
    }

    [Fact]
    public async Task A_bridge_without_queues_of_filters_keeps_no_session()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire old = host.Open();
        await old.SendAsync(Packets.Resume("d", 4));
        await old.ExpectAsync("20 02 00 03");
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", 5));
        Assert.StartsWith("CONNACK present=0 code=0 props={SessionExpiryInterval=0;", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    private static async Task LeaveAsync(MqttWire wire)
    {
        await wire.BreakAsync();
        await wire.Served.Within("the server is done with the connection");
    }

    private static Task<MqttWire> SubscribedAsync(MqttHost host, string clientId, params (string Filter, int Options)[] filters)
        => SubscribedAsync(host, clientId, _ => { }, filters);

    private static async Task<MqttWire> SubscribedAsync(MqttHost host, string clientId, Action<PropertyBlockWriter> properties, params (string Filter, int Options)[] filters)
    {
        MqttWire wire = await host.ResumeAsync(clientId, 5, present: false, properties: properties);
        await wire.SendAsync(Packets.Subscribe(1, filters));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task<MqttWire> CleanAsync(MqttHost host, string clientId, params (string Filter, int Options)[] filters)
    {
        MqttWire wire = await host.Connect5Async(clientId);
        await wire.SendAsync(Packets.Subscribe(1, filters));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task PublishAsync(MqttHost host, string topic, string? tag, string text, params (string Name, string Value)[] properties)
    {
        var writer = default(PropertyTextWriter);
        if (tag is not null)
            writer.Write(PropertyNames.Tags, tag);
        foreach ((string name, string value) in properties)
            writer.Write(System.Text.Encoding.UTF8.GetBytes(name), value);
        // One queue, as what one client publishes under one name has.
        await host.Bridge.PublishAsync(new PublishMessage(topic, System.Text.Encoding.UTF8.GetBytes(text), writer.Written) { OrderingHash = 0 });
        writer.Dispose();
    }

    private Task<MqttHost> StartAsync(FakeLog? log = null) => MqttHost.StartAsync(null, log ?? _log, _clock);
}
