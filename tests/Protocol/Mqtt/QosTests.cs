using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>What is delivered to whom with which QoS, in which order.</summary>
public sealed class QosTests
{
    [Theory]
    [InlineData(0, 0, "30 04 00 01 61 78")]
    [InlineData(0, 1, "30 04 00 01 61 78")]
    [InlineData(0, 2, "30 04 00 01 61 78")]
    [InlineData(1, 0, "30 04 00 01 61 78")]
    [InlineData(1, 1, "32 06 00 01 61 00 01 78")]
    [InlineData(1, 2, "32 06 00 01 61 00 01 78")]
    [InlineData(2, 0, "30 04 00 01 61 78")]
    [InlineData(2, 1, "32 06 00 01 61 00 01 78")]
    [InlineData(2, 2, "34 06 00 01 61 00 01 78")]
    public async Task A_delivery_has_the_smaller_of_published_and_granted_QoS(byte published, int granted, string delivery)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire subscriber = await host.Connect311Async("s");
        await subscriber.SendAsync(Packets.Subscribe(1, ("a", granted)));
        await subscriber.ExpectAsync($"90 03 00 01 0{granted}");
        MqttWire publisher = await host.Connect5Async("p");
        await publisher.SendAsync(Packets.Publish("a", "x", qos: published, id: (ushort)(published == 0 ? 0 : 1)));
        await subscriber.ExpectAsync(delivery);
        await subscriber.ExpectSilenceAsync();
    }

    [Fact]
    public async Task Subscriptions_that_overlap_bring_one_packet_with_the_largest_QoS_and_all_identifiers()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("c");
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 1), ("a", 0)));
        await wire.ExpectAsync("90 04 00 01 00 00");
        await wire.SendAsync(Packets.Subscribe(2, p => p.Add(PropertyId.SubscriptionIdentifier, 2), ("+", 1)));
        await wire.ExpectAsync("90 04 00 02 00 01");
        await wire.SendAsync(Packets.Subscribe(3, ("#", 0)));
        await wire.ExpectAsync("90 04 00 03 00 00");
        MqttWire publisher = await host.Connect5Async("p");
        await publisher.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        string packet = Convert.ToHexString(await wire.ReadAsync() ?? []);
        Assert.Contains(packet, (string[])["320B0001610001040B010B0278", "320B0001610001040B020B0178"]);
        await wire.ExpectSilenceAsync();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public async Task Messages_of_one_client_under_one_name_arrive_in_their_order(byte qos, bool kept)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire subscriber = kept ? await host.ResumeAsync("s", 5, present: false) : await host.Connect5Async("s");
        await subscriber.SendAsync(Packets.Subscribe(1, ("a/+", 2)));
        await subscriber.ReadTextAsync();
        MqttWire publisher = await host.Connect5Async("p");
        for (int i = 0; i < 200; i++)
            await publisher.SendAsync(Packets.Publish("a/b", $"{i:000}", qos, (ushort)(qos == 0 ? 0 : i + 1)));
        for (int i = 0; i < 200; i++)
        {
            string text = await subscriber.ReadTextAsync();
            Assert.StartsWith($"PUBLISH dup=0 qos={qos} retain=0 topic=a/b ", text, StringComparison.Ordinal);
            Assert.EndsWith($"payload={Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes($"{i:000}"))}", text, StringComparison.Ordinal);
        }
    }
}
