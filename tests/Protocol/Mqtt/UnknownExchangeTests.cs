using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>
/// QoS 2 PUBLISHes of which no broker said whether they are stored, because it was killed or cut off before it answered: neither a PUBREC nor a
/// refusal would be true. The client sends them again, and by then the log is asked.
/// </summary>
public sealed class UnknownExchangeTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_message_that_was_stored_without_an_answer_is_not_stored_again(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, version);
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Bridge.LoseNextAnswer();
        await ExpectEndAsync(wire, version);

        host.Bridge.HoldPublishes = false;
        MqttWire back = await ConnectAsync(host, version, present: true);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7, dup: true));
        await back.ExpectAsync("50 02 00 07");
        await back.SendHexAsync("62 02 00 07");
        await back.ExpectAsync("70 02 00 07");
        Assert.Single(host.Bridge.Published);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_message_that_was_not_stored_though_nobody_said_so_is_stored_when_it_comes_again(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, version);
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Bridge.FailHeld(BridgeError.Unreachable, mayHaveHappened: true);
        await ExpectEndAsync(wire, version);

        host.Bridge.HoldPublishes = false;
        MqttWire back = await ConnectAsync(host, version, present: true);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7, dup: true));
        await back.ExpectAsync("50 02 00 07");
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task What_came_behind_a_message_without_an_answer_is_looked_for_too()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 4);
        host.Bridge.HoldPublishes = true;
        for (ushort id = 1; id <= 3; id++)
            await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: id));
        await host.Bridge.WaitForPublishesAsync(3);
        host.Bridge.LoseNextAnswer();
        host.Bridge.CompleteAll();
        await wire.ExpectClosedAsync();
        await wire.Served.Within("the connection has ended");

        host.Bridge.HoldPublishes = false;
        MqttWire back = await ConnectAsync(host, 4, present: true);
        for (ushort id = 1; id <= 3; id++)
        {
            await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: id, dup: true));
            await back.ExpectAsync($"50 02 00 {id:X2}");
        }

        Assert.Equal(3, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task Nothing_is_taken_while_a_broker_that_may_have_the_message_is_not_there()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        host.Bridge.Brokers = ["a", "b"];
        MqttWire wire = await ConnectAsync(host, 5);
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        host.Bridge.LoseNextAnswer();
        await ExpectEndAsync(wire, 5);

        host.Bridge.HoldPublishes = false;
        host.Bridge.Brokers = ["b"];
        MqttWire early = await ConnectAsync(host, 5, present: true);
        await early.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7, dup: true));
        await early.ExpectDisconnectAsync(ReasonCode.ImplementationSpecificError);
        await early.Served.Within("the connection has ended");

        host.Bridge.Brokers = ["b", "a"];
        MqttWire back = await ConnectAsync(host, 5, present: true);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7, dup: true));
        await back.ExpectAsync("50 02 00 07");
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_broker_stays_in_the_record_as_long_as_something_may_be_on_it()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        host.Bridge.Brokers = ["a"];
        MqttWire wire = await ConnectAsync(host, 5);
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 1));
        await wire.ExpectAsync("50 02 00 01");
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 2));
        await host.Bridge.WaitForPublishesAsync(2);
        host.Bridge.Brokers = ["b"];
        await wire.SendHexAsync("62 02 00 01");
        await wire.ExpectAsync("70 02 00 01");
        Assert.Equal(["a", "b"], (await RecordAsync(host))!.Brokers.Order());
        host.Bridge.CompleteAll();
        await wire.ExpectAsync("50 02 00 02");
        await wire.SendHexAsync("62 02 00 02");
        await wire.ExpectAsync("70 02 00 02");
        Assert.Equal(["b"], (await RecordAsync(host))!.Brokers);
    }

    [Fact]
    public async Task A_message_that_waited_long_before_it_was_stored_is_found_after_a_crash()
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(options => options.ReceiveMaximum = 1, log);
        MqttWire wire = await ConnectAsync(crashed, 4);
        crashed.Bridge.HoldPublishes = true;
        await wire.SendAsync([.. Encode("a/b", 1, ProtocolVersion.Mqtt311), .. Encode("a/b", 2, ProtocolVersion.Mqtt311)]);
        await crashed.Bridge.WaitForPublishesAsync(1);
        crashed.Clock.Advance(TimeSpan.FromMinutes(5));
        crashed.Bridge.CompleteNext();
        await wire.ExpectAsync("50 02 00 01");
        await crashed.Bridge.WaitForPublishesAsync(2);
        crashed.Bridge.CompleteNext();
        await wire.ExpectAsync("50 02 00 02");

        await using MqttHost host = await MqttHost.StartAsync(log: log, clock: new ManualClock(crashed.Clock.GetUtcNow().AddSeconds(1)));
        MqttWire back = await ConnectAsync(host, 4, present: true);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 2, dup: true));
        await back.ExpectAsync("50 02 00 02");
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_refusal_before_anything_is_known_of_the_session_settles_no_other_message()
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(log: log);
        MqttWire wire = await ConnectAsync(crashed, 5);
        crashed.Bridge.HoldPublishes = true;
        await wire.SendAsync([.. Encode("$rmq", 1), .. Encode("a/b", 2), .. Encode("a/b", 3)]);
        Assert.StartsWith("PUBREC id=1 reason=144 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await crashed.Bridge.WaitForPublishesAsync(2);
        crashed.Bridge.CompleteNext();
        await wire.ExpectAsync("50 02 00 02");
        await wire.SendHexAsync("62 02 00 02");
        await wire.ExpectAsync("70 02 00 02");
        crashed.Bridge.CompleteNext();

        await using MqttHost host = await MqttHost.StartAsync(log: log, clock: new ManualClock(crashed.Clock.GetUtcNow().AddSeconds(1)));
        MqttWire back = await ConnectAsync(host, 5, present: true);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 3, dup: true));
        await back.ExpectAsync("50 02 00 03");
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_third_connection_of_a_client_waits_for_the_first_to_be_saved()
    {
        var log = new FakeLog();
        await using MqttHost host = await MqttHost.StartAsync(log: log);
        MqttWire first = await ConnectAsync(host, 5);
        await first.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 1));
        await first.ExpectAsync("50 02 00 01");
        MqttWire other = await host.Connect5Async("other");
        var saved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int puts = 0;
        host.Bridge.StatePause = () => Interlocked.Increment(ref puts) == 1 ? saved.Task : Task.CompletedTask;
        MqttWire third = host.Open();
        try
        {
            MqttWire second = host.Open();
            await second.SendAsync(Packets.Resume("d", 5, 100_000));
            await Eventually.True(() => Volatile.Read(ref puts) == 1, "the first connection is being saved");
            await third.SendAsync(Packets.Resume("d", 5, 100_000));
            Assert.Null(await second.ReadAsync());
            // Whoever does not wait goes on meanwhile.
            for (int i = 0; i < 20; i++)
                await other.ExpectSilenceAsync();
            Assert.Equal(1, Volatile.Read(ref puts));
        }
        finally
        {
            saved.SetResult();
        }

        Assert.StartsWith("CONNACK present=1 code=0 ", await third.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_an_earlier_version_names_no_brokers()
    {
        var record = new ExchangeRecord { Number = 9, LookFrom = 5, WrittenAt = 7, Received = [3], Topics = ["a"], Brokers = ["broker-a", "b\u00fc"] };
        byte[] bytes = record.Encode();
        Assert.Equal(record.Brokers, ExchangeRecord.Decode(bytes)!.Brokers);
        byte[] earlier = new ExchangeRecord { Number = 9, LookFrom = 5, WrittenAt = 7, Received = [3], Topics = ["a"] }.Encode()[..^4];
        earlier[0] = 1;
        ExchangeRecord? read = ExchangeRecord.Decode(earlier);
        Assert.Equal(["a"], read!.Topics);
        Assert.Empty(read.Brokers);
    }

    private static byte[] Encode(string topic, ushort id, ProtocolVersion version = ProtocolVersion.Mqtt5)
        => PacketText.Encode(Packets.Publish(topic, "x", qos: 2, id: id), version);

    private static async Task ExpectEndAsync(MqttWire wire, int version)
    {
        // Told in MQTT 5; before, the connection just closes. A PUBREC would come first.
        if (version == 5)
            Assert.StartsWith("DISCONNECT ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        else
            Assert.Null(await wire.ReadAsync());
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
    }

    private static async Task<MqttWire> ConnectAsync(MqttHost host, int version, bool present = false)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", version, 100_000));
        Assert.StartsWith($"CONNACK present={(present ? 1 : 0)} code=0 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task<ExchangeRecord?> RecordAsync(MqttHost host)
        => await host.Bridge.State.GetAsync("mqtt.received", "d") is { } bytes ? ExchangeRecord.Decode(bytes.Span) : null;
}
