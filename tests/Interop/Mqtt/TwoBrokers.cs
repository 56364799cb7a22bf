using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Two gateways in front of two name servers and two brokers, all of them processes that may be killed.</summary>
public sealed class TwoBrokers
{
    private const int Count = 2000;
    private const int Step = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [TheoryWhen(Needs.Paho)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_session_gets_everything_though_each_broker_and_a_gateway_are_killed(int version)
    {
        string topic = $"fleet{version}";
        await using ClusterOfProcesses cluster = await ClusterOfProcesses.StartAsync();
        foreach (int port in cluster.Brokers)
        {
            using RawBroker broker = await RawBroker.ConnectAsync(port);
            await broker.CreateTopicAsync(topic, queues: 2);
        }

        await BothRouteAsync(cluster, topic, "broker-0", "broker-1");
        await using GatewayProcess first = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = cluster.Addresses });
        await using GatewayProcess second = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = cluster.Addresses });
        await using ScriptedClient device = ScriptedClient.Python("paho-outages.py", new
        {
            ports = new[] { first.Ports.Mqtt, second.Ports.Mqtt },
            version,
            clientId = $"durable{version}",
            topic,
            names = 16,
            count = Count,
            step = Step,
            pause = 0.004,
        });
        await device.EventsAsync(1, "progress", Patience);
        await cluster.KillAsync("b1");
        await BothRouteAsync(cluster, topic, "broker-0");
        await cluster.StartBrokerAsync(1);
        await MoreProgressAsync(device);
        await cluster.KillAsync("b0");
        await BothRouteAsync(cluster, topic, "broker-1");
        await cluster.StartBrokerAsync(0);
        await MoreProgressAsync(device);
        await first.KillAsync();
        await first.StartAgainAsync();

        JsonObject done = await device.EventAsync("done", Patience);
        await device.EndAsync();
        List<string> bodies = [.. done["bodies"]!.AsArray().Select(body => (string)body!)];
        Assert.All(device.Events("connected").Where(connected => (int)connected["reason"]! == 0).Skip(1), connected => Assert.Equal(1, (int)connected["present"]!));
        // What is published at QoS 1 may come again, from the publisher and to the device.
        Assert.Equal(Count, bodies.Distinct().Count());
    }

    private static Task BothRouteAsync(ClusterOfProcesses cluster, string topic, params string[] brokers)
        => Task.WhenAll(cluster.RouteAsync(0, topic, brokers), cluster.RouteAsync(1, topic, brokers));

    /// <summary>Two events are more than what was on its way.</summary>
    private static Task<IReadOnlyList<JsonObject>> MoreProgressAsync(ScriptedClient device)
        => device.EventsAsync(Math.Min(device.Events("progress").Count + 2, Count / Step), "progress", Patience);
}
