using System.Globalization;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>A gateway that stays, in front of two brokers that are killed, one after the other: one has the gateway's state, both have messages.</summary>
public sealed class KilledBrokers
{
    private const int Count = 2000;
    private const int Step = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task QoS_2_is_exactly_once_in_both_directions_though_each_broker_is_killed(int version)
    {
        string topic = $"once{version}";
        await using ClusterOfProcesses cluster = await ClusterOfProcesses.StartAsync();
        foreach (int port in cluster.Brokers)
        {
            using RawBroker broker = await RawBroker.ConnectAsync(port);
            await broker.CreateTopicAsync(topic, queues: 2);
        }

        await BothRouteAsync(cluster, topic, "broker-0", "broker-1");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = cluster.Addresses });
        await using ScriptedClient device = ScriptedClient.Node("mqtt-outages.js", new
        {
            url = $"mqtt://127.0.0.1:{gateway.Ports.Mqtt}",
            version,
            clientId = $"durable{version}",
            topic,
            names = 16,
            count = Count,
            window = 20,
            step = Step,
            pause = 2,
        });
        Assert.Equal(2, (int)(await device.EventAsync("subscribed", Patience))["granted"]![0]!);
        await device.EventsAsync(1, "progress", Patience);
        foreach (int broker in new[] { 1, 0, 1 })
        {
            await cluster.KillAsync($"b{broker}");
            await BothRouteAsync(cluster, topic, $"broker-{1 - broker}");
            await cluster.StartBrokerAsync(broker);
            await BothRouteAsync(cluster, topic, "broker-0", "broker-1");
            await device.EventsAsync(Math.Min(device.Events("progress").Count + 2, Count / Step), "progress", Patience);
        }

        JsonObject done = await device.EventAsync("done", Patience);
        await device.EndAsync();
        Assert.True(device.Events("refused").Count == 0, string.Join("; ", device.Events("refused").Concat(device.Events("told")).Concat(device.Events("error")).Select(refused => refused.ToJsonString())));
        Assert.Equal(Enumerable.Range(0, Count), done["bodies"]!.AsArray().Select(body => int.Parse((string)body!, CultureInfo.InvariantCulture)).Order());
        Assert.Empty(gateway.Failures);
    }

    private static Task BothRouteAsync(ClusterOfProcesses cluster, string topic, params string[] brokers)
        => Task.WhenAll(cluster.RouteAsync(0, topic, brokers), cluster.RouteAsync(1, topic, brokers));
}
