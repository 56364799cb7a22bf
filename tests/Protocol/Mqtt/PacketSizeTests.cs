using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>No packet is larger than the client takes [MQTT-3.1.2-24]; messages are in <see cref="DeliveryTests"/>.</summary>
public sealed class PacketSizeTests
{
    [Theory]
    [InlineData(15, "20 03 00 95 00")]
    [InlineData(5, "20 03 00 95 00")]
    [InlineData(4, null)]
    public async Task A_client_whose_limit_its_CONNACK_exceeds_is_refused_and_takes_nothing_over(uint limit, string? connack)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire other = await host.Connect5Async("c");
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("c", 5, p => p.Add(PropertyId.MaximumPacketSize, limit)));
        if (connack is not null)
            await wire.ExpectAsync(connack);
        await wire.ExpectClosedAsync();
        await other.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_CONNACK_of_just_the_limit_is_sent()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("c", 5, p => p.Add(PropertyId.MaximumPacketSize, 16)));
        await wire.ExpectAsync("20 0E 00 00 0B 21 04 00 27 00 10 00 00 22 00 20");
        await wire.ExpectSilenceAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_with_more_codes_than_fit_disconnects_instead(bool subscribe)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c", p => p.Add(PropertyId.MaximumPacketSize, 20));
        string[] filters = [.. Enumerable.Range(0, 16).Select(i => $"a/{i}")];
        foreach (int count in new[] { 15, 16 })
        {
            if (subscribe)
                await wire.SendAsync(Packets.Subscribe(1, [.. filters[..count].Select(filter => (filter, 0))]));
            else
                await wire.SendAsync(Packets.Unsubscribe(1, filters[..count]));
            if (count == 15)
                Assert.Equal(20, (await wire.ReadAsync())?.Length);
        }

        await wire.ExpectAsync("E0 01 95");
        await wire.ExpectClosedAsync();
    }
}
