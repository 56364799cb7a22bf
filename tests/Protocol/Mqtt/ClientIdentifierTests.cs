using System.Text.RegularExpressions;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Client identifiers (section 3.1.3.1).</summary>
public sealed partial class ClientIdentifierTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task One_to_23_letters_and_digits_are_taken(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        foreach (string clientId in new[] { "0", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ" })
        {
            MqttWire wire = host.Open();
            await wire.SendAsync(Packets.Connect(clientId, version));
            Assert.StartsWith("CONNACK present=0 code=0 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
            await wire.ExpectSilenceAsync();
        }

        Assert.Equal(4, host.Connections.Count);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Clients_without_a_name_are_different_ones(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire first = host.Open();
        MqttWire second = host.Open();
        await first.SendAsync(Packets.Connect(string.Empty, version));
        await second.SendAsync(Packets.Connect(string.Empty, version));
        string[] connacks = [await first.ReadTextAsync(), await second.ReadTextAsync()];
        Assert.All(connacks, connack => Assert.StartsWith("CONNACK present=0 code=0 ", connack, StringComparison.Ordinal));
        if (version == 5)
            Assert.Equal(2, connacks.Select(connack => Assigned().Match(connack).Groups[1].Value).Where(name => name.Length > 0).Distinct().Count());
        await first.ExpectSilenceAsync();
        await second.ExpectSilenceAsync();
    }

    [Fact]
    public async Task An_assigned_identifier_is_the_clients_own()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Resume(string.Empty, 5));
        string assigned = Assigned().Match(await wire.ReadTextAsync()).Groups[1].Value;
        await wire.SendAsync(Packets.Subscribe(1, ("a", 1)));
        await wire.ReadTextAsync();
        MqttWire again = await host.ResumeAsync(assigned, 5, present: true);
        await wire.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await again.SendAsync(Packets.Publish("a", "x", qos: 1, id: 1));
        string[] packets = [await again.ReadTextAsync(), await again.ReadTextAsync()];
        Assert.Contains("PUBLISH dup=0 qos=1 retain=0 topic=a id=1 props={} payload=78", packets);
    }

    [GeneratedRegex("AssignedClientIdentifier=([^;}]+)")]
    private static partial Regex Assigned();
}
