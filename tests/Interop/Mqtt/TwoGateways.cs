using System.Globalization;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Two gateways in front of one cluster, and devices that move between them.</summary>
public sealed class TwoGateways(BrokerWithoutMqtt running) : IClassFixture<BrokerWithoutMqtt>
{
    private readonly GatewayProcess _cluster = running.Process;

    [TheoryWhen(Needs.Paho)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_device_that_moves_sends_and_gets_everything_once_also_when_a_gateway_is_killed(int version)
    {
        const int Count = 600;
        await using GatewayProcess first = await FrontAsync();
        await using GatewayProcess second = await FrontAsync();
        await using ScriptedClient device = ScriptedClient.Python("paho-roaming.py", new
        {
            ports = new[] { first.Ports.Mqtt, second.Ports.Mqtt },
            feedPort = second.Ports.Mqtt,
            version,
            clientId = $"roaming{version}",
            up = $"up{version}/a",
            down = $"down{version}/#",
            count = Count,
            window = 20,
            step = 200,
        });
        // First, second, and first again.
        await device.EventsAsync(3, "connected", TimeSpan.FromSeconds(60));
        await first.KillAsync();
        await first.StartAgainAsync();

        JsonObject done = await device.EventAsync("done", TimeSpan.FromSeconds(90));
        await device.EndAsync();
        Assert.Equal(Enumerable.Range(0, Count), Numbers(done["bodies"]!.AsArray().Select(body => (string)body!)));
        Assert.All(device.Events("connected").Skip(1), connected => Assert.Equal(1, (int)connected["present"]!));
        Assert.Equal(2, device.Events("connected").Select(connected => (int)connected["port"]!).Distinct().Count());

        using RawMqtt raw = await RawMqtt.ConnectAsync(second.Ports.Mqtt, "end");
        await raw.PublishAsync($"up{version}/a", "end");
        using var rest = new Rest(_cluster);
        List<string> bodies = [];
        while (!bodies.Contains("end"))
        {
            bodies.AddRange((await rest.TakeAsync($"up{version}", "audit", 1)).Select(message => (string)message["body"]!));
        }

        Assert.Equal(Enumerable.Range(0, Count), Numbers(bodies.Take(bodies.Count - 1)).Order());
        Assert.Empty(second.Failures);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task What_came_while_a_device_was_away_it_gets_at_another_gateway()
    {
        await using GatewayProcess first = await FrontAsync();
        await using GatewayProcess second = await FrontAsync();
        await (await SubscribeAsync(first)).DisposeAsync();
        await Mosquitto.PublishAsync(second, "away/a", "1", "-q", "1");
        await Mosquitto.PublishAsync(first, "away/b", "2", "-q", "1");
        await first.KillAsync();
        await Mosquitto.PublishAsync(second, "away/c", "3", "-q", "1");
        await using MosquittoSubscription back = await SubscribeAsync(second);
        Assert.Equal(["1", "2", "3"], (await back.MessagesAsync(3)).Select(message => message.Body));
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_device_that_connects_elsewhere_loses_its_connection_here()
    {
        await using GatewayProcess first = await FrontAsync();
        await using GatewayProcess second = await FrontAsync();
        await using MosquittoSubscription before = await SubscribeAsync(first);
        await using MosquittoSubscription after = await SubscribeAsync(second);
        await first.LineAsync(line => line.Contains("SessionTakenOver", StringComparison.Ordinal), "the first gateway closed the connection");
        await Mosquitto.PublishAsync(first, "away/z", "z", "-q", "1");
        await after.MessageAsync("z");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task In_front_of_a_gateway_that_keeps_sessions_itself_none_is_kept_and_the_log_says_why()
    {
        await using GatewayProcess keeper = await GatewayProcess.StartAsync();
        await using GatewayProcess front = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = keeper.NameServer });
        await front.LineAsync(line => line.Contains("started with --mqtt-port 0 it leaves them to others", StringComparison.Ordinal), "why no session is kept");
        ChildProcess refused = ChildProcess.Start("mosquitto_sub", ["-h", "127.0.0.1", "-p", front.Ports.Mqtt.ToString(CultureInfo.InvariantCulture), "-V", "311", "-c", "-i", "kept", "-t", "a", "-q", "1", "-E"]);
        await using (refused)
        {
            Assert.NotEqual(0, await refused.ExitAsync());
        }

        await Mosquitto.PublishAsync(front, "clean/a", "1", "-q", "1");
        Assert.Empty(front.Failures);
    }

    private static IEnumerable<int> Numbers(IEnumerable<string> bodies) => bodies.Select(body => int.Parse(body, CultureInfo.InvariantCulture));

    private static Task<MosquittoSubscription> SubscribeAsync(GatewayProcess gateway)
        => Mosquitto.SubscribeAsync(gateway, "away/#", "-V", "5", "-c", "-x", "3600", "-i", "away", "-q", "1");

    private Task<GatewayProcess> FrontAsync() => GatewayProcess.StartAsync(new GatewaySettings { NameServers = _cluster.NameServer });
}
