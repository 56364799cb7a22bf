using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Retained messages that are in flight to a session that outlives its connection.</summary>
public sealed class KeptRetainTests
{
    private readonly FakeLog _log = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task What_was_not_acknowledged_is_sent_again_as_it_was()
    {
        await using MqttHost host = await StartAsync(_log);
        await RetainAsync(host, ("a/1", "x"), ("a/2", "y"), ("a/3", "z"));
        MqttWire wire = await SubscribedAsync(host, identifier: 7);
        for (int i = 0; i < 3; i++)
            await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(2));
        await wire.ExpectSilenceAsync();
        await LeaveAsync(wire);
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=1 topic=a/1 id=1 props={SubscriptionIdentifier=7} payload=78", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=1 qos=1 retain=1 topic=a/3 id=3 props={SubscriptionIdentifier=7} payload=7A", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Puback(1));
        await wire.SendAsync(Packets.Puback(3));
        await wire.ExpectSilenceAsync();
        await LeaveAsync(wire);
        await (await host.ResumeAsync("d", 5, present: true)).ExpectSilenceAsync();
    }

    [Fact]
    public async Task QoS_2_goes_on_where_it_was_through_a_kill()
    {
        MqttHost killed = await StartAsync(_log);
        await RetainAsync(killed, 2, ("a/1", "x"), ("a/2", "y"), ("a/3", "z"));
        MqttWire wire = await SubscribedAsync(killed, qos: 2, receiveMaximum: 2);
        Assert.Equal("PUBLISH dup=0 qos=2 retain=1 topic=a/1 id=1 props={SubscriptionIdentifier=1} payload=78", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=2 retain=1 topic=a/2 id=2 props={SubscriptionIdentifier=1} payload=79", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
        await wire.ExpectAsync("62 02 00 01");
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBREL id=1 reason=0 props={}", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=1 qos=2 retain=1 topic=a/2 id=2 props={SubscriptionIdentifier=1} payload=79", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=2 retain=1 topic=a/3 id=3 props={SubscriptionIdentifier=1} payload=7A", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubcomp, 1));
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 2));
        await wire.ExpectAsync("62 02 00 02");
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task QoS_1_comes_again_after_a_kill_when_it_was_saved()
    {
        MqttHost killed = await StartAsync(_log);
        await RetainAsync(killed, ("a/1", "x"), ("a/2", "y"));
        MqttWire wire = await SubscribedAsync(killed);
        await wire.ReadTextAsync();
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(1));
        await wire.ExpectSilenceAsync();
        int before = _log.Writes;
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.True(() => _log.Writes > before, "progress was saved");
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.Equal("PUBLISH dup=1 qos=1 retain=1 topic=a/2 id=2 props={SubscriptionIdentifier=1} payload=79", await wire.ReadTextAsync());
        await wire.ExpectSilenceAsync();
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task One_that_compaction_took_is_counted_and_its_identifier_is_free()
    {
        await using MqttHost host = await StartAsync(_log);
        await RetainAsync(host, ("a/1", "x"));
        MqttWire wire = await SubscribedAsync(host);
        await wire.ReadTextAsync();
        await LeaveAsync(wire);
        await RetainAsync(host, ("a/1", "y"));
        _log.Retained.Compact();
        wire = await host.ResumeAsync("d", 5, present: true);
        // The message that replaced it, from the queue of the filter.
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=a/1 id=2 props={SubscriptionIdentifier=1} payload=79", await wire.ReadTextAsync());
        await wire.ExpectSilenceAsync();
        Assert.Equal(1, host.Counted("mqtt.drops/backlog-gone"));
    }

    [Fact]
    public async Task A_message_published_meanwhile_is_not_followed_by_the_one_it_replaced()
    {
        await using MqttHost host = await StartAsync(_log);
        await RetainAsync(host, [.. Enumerable.Range(0, 200).Select(i => ($"a/{i:000}", "old"))]);
        MqttWire wire = await SubscribedAsync(host, receiveMaximum: 1);
        Assert.Contains("topic=a/000 id=1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await RetainAsync(host, ("a/199", "new"));
        List<string> of199 = [];
        for (ushort i = 1; i < 200; i++)
        {
            await wire.SendAsync(Packets.Puback(i));
            string text = await wire.ReadTextAsync();
            if (text.Contains("topic=a/199 ", StringComparison.Ordinal))
                of199.Add(text);
        }

        await wire.SendAsync(Packets.Puback(200));
        await wire.ExpectSilenceAsync();
        Assert.EndsWith("payload=6E6577", Assert.Single(of199), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_sent_yet_goes_on_when_the_client_comes_back()
    {
        await using MqttHost host = await StartAsync(_log);
        await RetainAsync(host, ("a/1", "x"), ("a/2", "y"), ("a/3", "z"), ("a/4", "u"), ("a/5", "v"));
        MqttWire wire = await SubscribedAsync(host, receiveMaximum: 2);
        await wire.ReadTextAsync();
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Puback(1));
        Assert.Contains("topic=a/3 id=3 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await LeaveAsync(wire);

        wire = await host.ResumeAsync("d", 5, present: true, properties: p => p.Add(PropertyId.ReceiveMaximum, 2));
        Assert.StartsWith("PUBLISH dup=1 qos=1 retain=1 topic=a/2 id=2 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBLISH dup=1 qos=1 retain=1 topic=a/3 id=3 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Puback(2));
        await wire.SendAsync(Packets.Puback(3));
        Assert.Equal("PUBLISH dup=0 qos=1 retain=1 topic=a/4 id=4 props={SubscriptionIdentifier=1} payload=75", await wire.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=1 retain=1 topic=a/5 id=5 props={SubscriptionIdentifier=1} payload=76", await wire.ReadTextAsync());
        await wire.SendAsync(Packets.Puback(4));
        await wire.SendAsync(Packets.Puback(5));
        await wire.ExpectSilenceAsync();
        await LeaveAsync(wire);
        // Nothing is owed any more.
        await (await host.ResumeAsync("d", 5, present: true)).ExpectSilenceAsync();
        Assert.False(Assert.Single((await RecordAsync(host)).Subscriptions).IsRetainedOwed);
    }

    [Fact]
    public async Task What_was_not_sent_yet_goes_on_after_a_kill_and_QoS_2_comes_once()
    {
        MqttHost killed = await StartAsync(_log);
        await RetainAsync(killed, 2, ("a/1", "x"), ("a/2", "y"), ("a/3", "z"), ("a/4", "u"));
        MqttWire wire = await SubscribedAsync(killed, qos: 2, receiveMaximum: 2);
        await wire.ReadTextAsync();
        await wire.ReadTextAsync();
        await wire.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
        await wire.ExpectAsync("62 02 00 01");
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        List<string> packets = [];
        for (int i = 0; i < 4; i++)
            packets.Add((await wire.ReadTextAsync()).Split(" props=")[0]);
        Assert.Equal(
            [
                "PUBREL id=1 reason=0",
                "PUBLISH dup=1 qos=2 retain=1 topic=a/2 id=2",
                "PUBLISH dup=0 qos=2 retain=1 topic=a/3 id=3",
                "PUBLISH dup=0 qos=2 retain=1 topic=a/4 id=4",
            ],
            packets);
        await wire.ExpectSilenceAsync();
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task A_kill_before_anything_was_saved_begins_again_with_DUP()
    {
        MqttHost killed = await StartAsync(_log);
        await RetainAsync(killed, ("a/1", "x"), ("a/2", "y"));
        MqttWire wire = await SubscribedAsync(killed, receiveMaximum: 1);
        await wire.ReadTextAsync();
        await using MqttHost host = await StartAsync(_log.Copy());
        wire = await host.ResumeAsync("d", 5, present: true);
        Assert.StartsWith("PUBLISH dup=1 qos=1 retain=1 topic=a/1 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBLISH dup=1 qos=1 retain=1 topic=a/2 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();
        await killed.DisposeAsync();
    }

    private static async Task<SessionRecord> RecordAsync(MqttHost host)
        => SessionCodec.Decode((await host.Bridge.State.GetAsync(SessionSpaces.Sessions, "d"))!.Value)!;

    private static async Task LeaveAsync(MqttWire wire)
    {
        await wire.BreakAsync();
        await wire.Served.Within("the server is done with the connection");
    }

    private static async Task<MqttWire> SubscribedAsync(MqttHost host, int qos = 1, uint receiveMaximum = 100, uint identifier = 1)
    {
        MqttWire wire = await host.ResumeAsync("d", 5, present: false, properties: p => p.Add(PropertyId.ReceiveMaximum, receiveMaximum));
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, identifier), ("a/+", qos)));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task RetainAsync(MqttHost host, byte qos, params (string Topic, string Text)[] messages)
    {
        MqttWire publisher = await host.Connect311Async("publisher");
        foreach ((string topic, string text) in messages)
        {
            await publisher.SendAsync(Packets.Publish(topic, text, qos, id: 1, retain: true));
            await publisher.ExpectAsync(qos == 1 ? "40 02 00 01" : "50 02 00 01");
            if (qos == 2)
            {
                await publisher.SendAsync(Packets.Acknowledge(PacketType.Pubrel, 1));
                await publisher.ExpectAsync("70 02 00 01");
            }
        }

        await LeaveAsync(publisher);
    }

    private static Task RetainAsync(MqttHost host, params (string Topic, string Text)[] messages) => RetainAsync(host, 1, messages);

    private Task<MqttHost> StartAsync(FakeLog log) => MqttHost.StartAsync(null, log, _clock);
}
