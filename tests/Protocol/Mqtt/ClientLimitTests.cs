using System.Net;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Rates and counts of one client, user or address.</summary>
public sealed class ClientLimitTests
{
    private static readonly IPAddress One = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Two = IPAddress.Parse("10.0.0.2");

    [Fact]
    public async Task PUBLISHes_above_the_rate_are_refused_to_a_version_5_client_until_time_has_passed()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => (options.PublishRate, options.RateBurst) = (1, TimeSpan.FromSeconds(2)));
        MqttWire wire = await host.Connect5Async("fast");

        for (ushort id = 1; id <= 3; id++)
            await wire.SendAsync(Packets.Publish("a", "x", 1, id));
        Assert.StartsWith("PUBACK id=1 reason=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=2 reason=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=3 reason=151", await wire.ReadTextAsync(), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await wire.SendAsync(Packets.Publish("a", "x", 1, 4));

        Assert.StartsWith("PUBACK id=4 reason=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, host.Counted("mqtt.limited/publish-rate"));
    }

    [Fact]
    public async Task PUBLISHes_above_the_rate_without_acknowledgement_disconnect_a_version_5_client()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => (options.PublishRate, options.RateBurst) = (1, TimeSpan.FromSeconds(1)));
        MqttWire wire = await host.Connect5Async("fast");

        await wire.SendAsync(Packets.Publish("a", "x"));
        await wire.SendAsync(Packets.Publish("a", "x"));

        await wire.ExpectDisconnectAsync(ReasonCode.MessageRateTooHigh);
    }

    [Fact]
    public async Task Before_version_5_reading_stops_until_the_rate_has_room_and_nothing_is_lost()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => (options.PublishRate, options.RateBurst) = (1, TimeSpan.FromSeconds(1)));
        MqttWire wire = await host.Connect311Async("fast");

        await wire.SendAsync(Packets.Publish("a", "x", 1, 1));
        await wire.SendAsync(Packets.Publish("a", "x", 1, 2));
        await wire.ExpectAsync("40 02 00 01");
        await Eventually.True(() => host.Counted("mqtt.limited/publish-rate") == 1);
        host.Clock.Advance(TimeSpan.FromSeconds(2));

        await wire.ExpectAsync("40 02 00 02");
    }

    [Fact]
    public async Task Bytes_above_the_rate_are_refused_too()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.PublishByteRate = 1000);
        MqttWire wire = await host.Connect5Async("fat");

        // A message larger than the burst passes once, and leaves a debt.
        await wire.SendAsync(Packets.Publish("a", new string('x', 5000), 1, 1));
        await wire.SendAsync(Packets.Publish("a", "x", 1, 2));
        Assert.StartsWith("PUBACK id=1 reason=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=2 reason=151", await wire.ReadTextAsync(), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromSeconds(4));
        await wire.SendAsync(Packets.Publish("a", "x", 1, 3));

        Assert.StartsWith("PUBACK id=3 reason=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CONNECTs_above_the_rate_are_refused_by_their_own_reason()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => (options.ConnectRate, options.RateBurst) = (1, TimeSpan.FromSeconds(1)));
        await host.Connect5Async("first");
        MqttWire five = host.Open();
        MqttWire four = host.Open();

        await five.SendAsync(Packets.Connect("second", 5));
        await four.SendAsync(Packets.Connect("third", 4));

        Assert.StartsWith("CONNACK present=0 code=159", await five.ReadTextAsync(), StringComparison.Ordinal);
        await four.ExpectAsync("20 02 00 03");
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        await host.Connect5Async("fourth");
    }

    [Fact]
    public void Connections_of_a_user_and_an_address_are_counted_and_forgotten()
    {
        var limits = new ConnectionLimits(new MqttOptions { ConnectionsPerUser = 2, ConnectionsPerAddress = 3 }, new ManualClock());

        Assert.False(limits.TryEnter("ada", One).IsError);
        Assert.False(limits.TryEnter("ada", One).IsError);
        Assert.Equal(ReasonCode.QuotaExceeded, limits.TryEnter("ada", Two).Reason);
        Assert.False(limits.TryEnter("bob", One).IsError);
        Assert.Equal(ReasonCode.QuotaExceeded, limits.TryEnter(null, One).Reason);
        limits.Leave("ada", One);

        Assert.False(limits.TryEnter("ada", One).IsError);
    }

    [Fact]
    public void Addresses_are_counted_up_to_a_limit_and_quiet_ones_forgotten()
    {
        var clock = new ManualClock();
        var limits = new ConnectionLimits(new MqttOptions { ConnectRatePerAddress = 1, RateBurst = TimeSpan.FromSeconds(1), TrackedAddresses = 1 }, clock);

        Assert.True(limits.TryTakeRate(One));
        Assert.False(limits.TryTakeRate(One));
        Assert.False(limits.TryTakeRate(Two));
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.True(limits.TryTakeRate(Two));
        Assert.True(limits.TryTakeRate(null));
    }
}
