using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Two fronts over one log and state: a client that comes from one to the other.</summary>
public sealed class TwoGatewayTests
{
    private readonly FakeLog _log = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_connection_is_told_that_its_client_is_at_another_gateway_now_and_the_session_goes_on_there()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        MqttWire before = await SubscribedAsync(first, ("a", 1));
        await PublishAsync(first, "1");
        await PublishAsync(first, "2");
        Assert.Contains("dup=0 qos=1 retain=0 topic=a id=1 ", await before.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Contains("id=2 ", await before.ReadTextAsync(), StringComparison.Ordinal);
        await before.SendAsync(Packets.Puback(1));
        await before.ExpectSilenceAsync();

        MqttWire after = await second.ResumeAsync("d", 5, present: true);
        await before.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await PublishAsync(second, "3");
        Assert.Equal("PUBLISH dup=1 qos=1 retain=0 topic=a id=2 props={} payload=32", await after.ReadTextAsync());
        Assert.Equal("PUBLISH dup=0 qos=1 retain=0 topic=a id=3 props={} payload=33", await after.ReadTextAsync());
    }

    [Fact]
    public async Task Quality_2_goes_on_at_another_gateway_in_both_directions()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        MqttWire before = await SubscribedAsync(first, ("a", 2));
        await PublishAsync(first, "1", ("mqtt.qos", "2"));
        await before.ReadTextAsync();
        await before.SendAsync(Packets.Acknowledge(PacketType.Pubrec, 1));
        await before.ExpectAsync("62 02 00 01");
        await before.SendAsync(Packets.Publish("up", "u", 2, 7));
        Assert.Equal("PUBREC id=7 reason=0 props={}", await before.ReadTextAsync());

        MqttWire after = await second.ResumeAsync("d", 5, present: true);
        await before.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.Equal("PUBREL id=1 reason=0 props={}", await after.ReadTextAsync());
        await after.SendAsync(Packets.Publish("up", "u", 2, 7, dup: true));
        Assert.Equal("PUBREC id=7 reason=0 props={}", await after.ReadTextAsync());
        await after.SendAsync(Packets.Acknowledge(PacketType.Pubrel, 7));
        Assert.Equal("PUBCOMP id=7 reason=0 props={}", await after.ReadTextAsync());
        Assert.Empty(second.Bridge.Published);
    }

    [Fact]
    public async Task A_will_with_a_delay_is_not_published_when_its_client_comes_to_another_gateway()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        MqttWire before = first.Open();
        await before.SendAsync(Packets.ConnectWithWill("d", 5, will => will.Add(PropertyId.WillDelayInterval, 30), properties => properties.Add(PropertyId.SessionExpiryInterval, 3600)));
        Assert.StartsWith("CONNACK present=0 code=0", await before.ReadTextAsync(), StringComparison.Ordinal);
        MqttWire after = await second.ResumeAsync("d", 5, present: true);
        await before.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await before.Served.Within("the connection at the first gateway has ended");
        _clock.Advance(TimeSpan.FromSeconds(31));
        await after.ExpectSilenceAsync();
        Assert.Empty(first.Bridge.Published);
        Assert.Empty(second.Bridge.Published);
    }

    [Fact]
    public async Task A_clean_session_is_taken_over_too()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        MqttWire before = await first.Connect5Async("clean");
        await second.Connect5Async("clean");
        await before.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task The_queue_of_a_filter_stays_as_long_as_a_session_of_any_gateway_uses_it()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        MqttWire one = await SubscribedAsync(first, ("a", 1));
        MqttWire other = await second.ResumeAsync("e", 5, present: false);
        await other.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await other.ReadTextAsync();
        await one.SendAsync(Packets.Unsubscribe(2, "a"));
        await one.ReadTextAsync();
        await AdvanceAsync(TimeSpan.FromMinutes(3), one, other);
        Assert.Equal(["a"], _log.FilterQueues.Filters);
        await other.SendAsync(Packets.Unsubscribe(2, "a"));
        await other.ReadTextAsync();
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(10));
                return _log.FilterQueues.Filters.Count == 0;
            },
            "one of the gateways deleted the queue");
    }

    [Fact]
    public async Task A_gateway_that_does_not_give_a_client_up_is_not_waited_for_longer_than_the_option_says()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        await SubscribedAsync(first, ("a", 1));
        var held = new TaskCompletionSource();
        first.Bridge.StatePause = () => held.Task;
        MqttWire after = second.Open();
        await after.SendAsync(Packets.Resume("d", 5));
        Task<string> answer = after.ReadTextAsync();
        await Eventually.True(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return answer.IsCompleted;
            },
            "the client was taken without the other gateway");
        Assert.StartsWith("CONNACK present=1 code=0", await answer, StringComparison.Ordinal);
        first.Bridge.StatePause = null;
        held.SetResult();
        await PublishAsync(second, "1");
        Assert.Contains("payload=31", await after.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_client_identifiers_that_fight_at_two_gateways_lose_nothing()
    {
        await using MqttHost first = await StartAsync();
        await using MqttHost second = await StartAsync();
        await SubscribedAsync(first, ("a", 1));
        for (int round = 0; round < 10; round++)
        {
            MqttWire[] wires = [first.Open(), second.Open()];
            await Task.WhenAll(wires.Select(wire => wire.TrySendAsync(Packets.Resume("d", 5), ProtocolVersion.Mqtt5)));
            await PublishAsync(first, $"{round}");
        }

        // One of the fight may still be on its way, and take the session from this one: it comes again.
        HashSet<string> bodies = [];
        for (int more = 0; more < 20 && bodies.Count < 10; more++)
            await CollectAsync(first, bodies);
        Assert.Equal(10, bodies.Count);
    }

    private async Task CollectAsync(MqttHost host, HashSet<string> bodies)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", 5));
        try
        {
            while (bodies.Count < 10)
            {
                Task<string> reading = wire.ReadTextAsync();
                await Eventually.True(
                    () =>
                    {
                        _clock.Advance(TimeSpan.FromMilliseconds(500));
                        return reading.IsCompleted;
                    },
                    $"more than {bodies.Count} of 10 came");
                string packet = await reading;
                Assert.True(packet.StartsWith("CONNACK present=1 code=0", StringComparison.Ordinal) || packet.StartsWith("PUBLISH", StringComparison.Ordinal) || packet.StartsWith("DISCONNECT", StringComparison.Ordinal), packet);
                if (packet.Contains("payload=", StringComparison.Ordinal))
                    bodies.Add(packet.Split("payload=")[1]);
            }
        }
        catch (InvalidOperationException)
        {
            // The server closed it for another one.
        }
    }

    private Task<MqttHost> StartAsync() => MqttHost.StartAsync(log: _log, clock: _clock, isShared: true);

    private async Task AdvanceAsync(TimeSpan time, params MqttWire[] awake)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(30))
        {
            _clock.Advance(TimeSpan.FromSeconds(30));
            foreach (MqttWire wire in awake)
                await wire.ExpectSilenceAsync();
        }
    }

    private static async Task<MqttWire> SubscribedAsync(MqttHost host, params (string Filter, int Qos)[] filters)
    {
        MqttWire wire = await host.ResumeAsync("d", 5, present: false);
        await wire.SendAsync(Packets.Subscribe(1, filters));
        Assert.StartsWith("SUBACK", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task PublishAsync(MqttHost host, string body, params (string Name, string Value)[] properties)
    {
        var writer = default(PropertyTextWriter);
        foreach ((string name, string value) in properties)
            writer.Write(System.Text.Encoding.UTF8.GetBytes(name), value);
        await host.Bridge.PublishAsync(new PublishMessage("a", System.Text.Encoding.UTF8.GetBytes(body), writer.Written) { OrderingHash = 0 });
        writer.Dispose();
    }
}
