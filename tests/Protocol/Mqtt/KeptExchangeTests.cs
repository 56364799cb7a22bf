using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>QoS 2 of sessions that outlive their connections: a packet identifier that was received is known after a crash.</summary>
public sealed class KeptExchangeTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task After_a_crash_a_publish_that_comes_again_is_recognised_and_one_that_was_released_is_new(int version)
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(log: log);
        MqttWire wire = await ConnectAsync(crashed, version);
        for (ushort id = 1; id <= 4; id++)
            await PublishAsync(wire, id);
        await wire.SendHexAsync("62 02 00 01");
        await wire.ExpectAsync("70 02 00 01");
        await PublishAsync(wire, 5);

        await using MqttHost host = await MqttHost.StartAsync(log: log, clock: new ManualClock(crashed.Clock.GetUtcNow().AddSeconds(30)));
        MqttWire back = await ConnectAsync(host, version, present: true);
        for (ushort id = 2; id <= 5; id++)
            await PublishAsync(back, id, dup: true);
        Assert.Empty(host.Bridge.Published);
        await back.SendHexAsync("62 02 00 03");
        await back.ExpectAsync("70 02 00 03");
        await back.SendHexAsync("62 02 00 09");
        // Its PUBCOMP may have gone with the connection before: no failure that a client should hear of.
        await back.ExpectAsync("70 02 00 09");
        await PublishAsync(back, 1);
        await PublishAsync(back, 3);
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task A_message_whose_PUBREC_was_never_sent_is_not_stored_again()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        host.Bridge.CompleteAll();
        host.Bridge.HoldPublishes = false;
        MqttWire back = await ConnectAsync(host, 5, present: true);
        await PublishAsync(back, 7, dup: true);
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_message_that_was_refused_or_never_stored_is_stored_when_it_comes_again()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        host.Bridge.HoldPublishes = true;
        await wire.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 7));
        await host.Bridge.WaitForPublishesAsync(1);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        host.Bridge.FailHeld(ProtoBridgeMQ.Bridge.BridgeError.Busy);
        host.Bridge.HoldPublishes = false;
        MqttWire back = await ConnectAsync(host, 5, present: true);
        await PublishAsync(back, 7, dup: true);
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task PUBCOMP_comes_when_the_release_is_kept()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        await PublishAsync(wire, 1);
        await PublishAsync(wire, 2);
        await wire.SendHexAsync("62 02 00 01");
        await wire.ExpectAsync("70 02 00 01");
        Assert.Equal([2], (await RecordAsync(host))!.Received.Select(id => (int)id));
        await wire.SendHexAsync("62 02 00 02");
        await wire.ExpectAsync("70 02 00 02");
        Assert.Empty((await RecordAsync(host))!.Received);
        // Nothing is left of a session without open exchanges.
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        Assert.Null(await RecordAsync(host));
    }

    [Fact]
    public async Task A_release_that_is_kept_beside_a_publish_knows_its_topic()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        await PublishAsync(wire, 1);
        await PublishAsync(wire, 2);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        MqttWire back = await ConnectAsync(host, 5, present: true);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int waiting = 0;
        host.Bridge.StatePause = () =>
        {
            Interlocked.Increment(ref waiting);
            return gate.Task;
        };
        await back.SendHexAsync("62 02 00 01 62 02 00 02");
        await back.SendAsync(Packets.Publish("other/b", "x", qos: 2, id: 3));
        await Eventually.True(() => Volatile.Read(ref waiting) == 1, "the first record is on its way");
        gate.SetResult();
        string[] answers = [await back.ReadTextAsync(), await back.ReadTextAsync(), await back.ReadTextAsync()];
        Assert.Contains("PUBREC id=3 reason=0 props={}", answers);
        Assert.Contains("other", (await RecordAsync(host))!.Topics);
    }

    [Fact]
    public async Task A_clean_start_forgets_what_was_received()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        await PublishAsync(wire, 1);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        Assert.True((await RecordAsync(host))!.IsClosed);
        MqttWire clean = await ConnectAsync(host, 5, clean: true);
        Assert.Null(await RecordAsync(host));
        await PublishAsync(clean, 1, dup: true);
        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task Identifiers_received_before_the_connection_do_not_count_for_its_receive_maximum()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.ReceiveMaximum = 2, new FakeLog());
        MqttWire wire = await ConnectAsync(host, 5);
        await PublishAsync(wire, 1);
        await PublishAsync(wire, 2);
        await wire.BreakAsync();
        await wire.Served.Within("the connection has ended");
        MqttWire back = await ConnectAsync(host, 5, present: true);
        await PublishAsync(back, 3);
        await PublishAsync(back, 4);
        await back.SendAsync(Packets.Publish("a/b", "x", qos: 2, id: 5));
        await back.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Fact]
    public async Task Many_topics_of_one_session_are_looked_through_after_a_crash()
    {
        var log = new FakeLog();
        await using MqttHost crashed = await MqttHost.StartAsync(log: log);
        MqttWire wire = await ConnectAsync(crashed, 5);
        for (ushort id = 1; id <= 200; id++)
        {
            await wire.SendAsync(Packets.Publish($"t{id}/x", "x", qos: 2, id: id));
            await wire.ExpectAsync($"50 02 00 {id:X2}");
        }

        await using MqttHost host = await MqttHost.StartAsync(log: log);
        MqttWire back = await ConnectAsync(host, 5, present: true);
        for (ushort id = 1; id <= 200; id++)
        {
            await back.SendAsync(Packets.Publish($"t{id}/x", "x", qos: 2, id: id, dup: true));
            await back.ExpectAsync($"50 02 00 {id:X2}");
        }

        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public void A_record_is_read_as_it_was_written_and_every_beginning_of_it_is_none()
    {
        var record = new ExchangeRecord { Number = 1L << 60, LookFrom = 5, WrittenAt = 7, IsClosed = true, Received = [1, 65_535], Topics = ["a", "sensors"] };
        byte[] bytes = record.Encode();
        ExchangeRecord? read = ExchangeRecord.Decode(bytes);
        Assert.NotNull(read);
        Assert.Equal((record.Number, 5L, 7L, true), (read.Number, read.LookFrom, read.WrittenAt, read.IsClosed));
        Assert.Equal(record.Received, read.Received);
        Assert.Equal(record.Topics, read.Topics);
        for (int length = 0; length < bytes.Length; length++)
            Assert.Null(ExchangeRecord.Decode(bytes.AsSpan(0, length)));
    }

    [Fact]
    public Task Through_crashes_at_any_moment_every_message_is_stored_once()
        => Seeded.RunAsync(async random =>
        {
            await using var device = new ExactlyOnceDevice(random);
            for (int round = 0; round < 12; round++)
                await device.RoundAsync();
            await device.FinishAsync();
            Assert.Equal(Enumerable.Range(1, device.Sent), await device.StoredAsync());
        });

    private static async Task<MqttWire> ConnectAsync(MqttHost host, int version, bool present = false, bool clean = false)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume("d", version, 100_000, clean));
        Assert.StartsWith($"CONNACK present={(present ? 1 : 0)} code=0 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task PublishAsync(MqttWire wire, ushort id, bool dup = false)
    {
        await wire.SendAsync(Packets.Publish("a/b", $"{id}", qos: 2, id: id, dup: dup));
        await wire.ExpectAsync($"50 02 00 {id:X2}");
    }

    private static async Task<ExchangeRecord?> RecordAsync(MqttHost host)
        => await host.Bridge.State.GetAsync("mqtt.received", "d") is { } bytes ? ExchangeRecord.Decode(bytes.Span) : null;
}
