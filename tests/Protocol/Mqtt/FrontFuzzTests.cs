using System.Globalization;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Connections that send golden packets of all kinds, damaged, in any order. PROTOBRIDGE_MQTT_CONNECTIONS says how many.</summary>
public sealed class FrontFuzzTests
{
    private static readonly int Connections =
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_MQTT_CONNECTIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 1500;

    [Fact]
    public Task Damaged_packets_in_any_order_are_answered_or_end_their_connection_and_no_other()
        => Seeded.RunAsync(async random =>
        {
            await using MqttHost host = await MqttHost.StartAsync(options => options.SubscriptionsPerSession = 20, new FakeLog());
            MqttWire witness = await host.Connect311Async("witness");
            await witness.SendAsync(Packets.Subscribe(1, ("witness/#", 1)));
            await witness.ExpectAsync("90 03 00 01 01");
            for (int i = 0; i < Connections; i++)
            {
                await ConnectionAsync(host, random);
                if (i % 100 == 0)
                    await CheckAsync(witness);
            }

            await CheckAsync(witness);
            Assert.Empty(host.Errors);
            Assert.Equal(1, host.Connections.Count);
        });

    private static async Task ConnectionAsync(MqttHost host, Random random)
    {
        var version = (ProtocolVersion)random.Next(3, 6);
        GoldenPacket[] seeds = [.. GoldenPackets.All.Where(packet => packet.Version == version)];
        MqttWire wire = host.Open();
        if (random.Next(8) > 0)
            await wire.SendAsync(Packets.Connect($"fuzz{random.Next(4)}", (int)version));
        for (int packets = random.Next(1, 7); packets > 0; packets--)
        {
            byte[] bytes = seeds[random.Next(seeds.Length)].Bytes;
            if (random.Next(4) > 0)
                bytes = Damage.Of(bytes, random);
            int cut = random.Next(bytes.Length + 1);
            await wire.TrySendAsync(bytes[..cut], version);
            await wire.TrySendAsync(bytes[cut..], version);
        }

        await wire.BreakAsync();
        await ReadAllAsync(wire);
        await wire.Served.Within("the connection has ended");
    }

    /// <summary>What comes back is whole packets that a server may send, CONNACK first and nothing after DISCONNECT.</summary>
    private static async Task ReadAllAsync(MqttWire wire)
    {
        bool first = true;
        bool last = false;
        while (await wire.ReadAsync() is { } bytes)
        {
            var kind = (PacketType)(bytes[0] >> 4);
            Assert.False(last, $"{kind} after a DISCONNECT");
            Assert.True(kind is not (PacketType.Connect or PacketType.Subscribe or PacketType.Unsubscribe or PacketType.Pingreq), $"a server sends no {kind}");
            Assert.True(first == (kind == PacketType.Connack) || kind is PacketType.Auth or PacketType.Disconnect, $"{kind} at the wrong place");
            last = kind == PacketType.Disconnect;
            first = first && kind == PacketType.Auth;
        }
    }

    private static async Task CheckAsync(MqttWire witness)
    {
        await witness.SendAsync(Packets.Publish("witness/a", "x", qos: 1, id: 1));
        string[] answers = [await witness.ReadTextAsync(), await witness.ReadTextAsync()];
        Assert.Contains(answers, answer => answer.StartsWith("PUBACK id=1 ", StringComparison.Ordinal));
        string delivery = Assert.Single(answers, answer => answer.StartsWith("PUBLISH ", StringComparison.Ordinal));
        string id = delivery.Split(" id=")[1].Split(' ')[0];
        await witness.SendAsync(Packets.Puback(ushort.Parse(id, CultureInfo.InvariantCulture)));
    }
}
