using System.Globalization;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Wills of mosquitto clients that are killed, and of a gateway that is.</summary>
public sealed class Wills
{
    [TheoryWhen(Needs.Mosquitto)]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task The_will_of_a_killed_client_is_seen_and_that_of_one_that_says_goodbye_is_not(string version)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await using MosquittoSubscription watcher = await Mosquitto.SubscribeAsync(gateway, "state/#", "-q", "1", "-V", version);
        await using (ChildProcess polite = await WithWillAsync(gateway, "polite", version, "-E"))
        {
            await polite.ExitAsync();
        }

        await using ChildProcess killed = await WithWillAsync(gateway, "killed", version);
        killed.Kill();
        await killed.ExitAsync();
        MosquittoMessage will = await watcher.MessageAsync("killed is gone");
        Assert.Equal("state/killed", will.Topic);
        Assert.DoesNotContain(watcher.Messages, message => message.Body == "polite is gone");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task The_wills_of_a_killed_gateway_are_stored_once_when_it_is_back()
    {
        const int Clients = 5;
        using var data = new TempDirectory("wills");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        List<ChildProcess> clients = [];
        try
        {
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(await WithWillAsync(gateway, $"c{i}", "mqttv5"));
            }

            await gateway.KillAsync();
            foreach (ChildProcess client in clients)
            {
                client.Kill();
            }
        }
        finally
        {
            foreach (ChildProcess client in clients)
            {
                await client.DisposeAsync();
            }
        }

        await gateway.StartAgainAsync();
        using var rest = new Rest(gateway);
        IEnumerable<string> first = (await rest.TakeAsync("state", "audit", Clients)).Select(message => (string)message["body"]!);
        Assert.Equal(Enumerable.Range(0, Clients).Select(i => $"c{i} is gone"), first.Order(StringComparer.Ordinal));

        // Published wills do not come again with the next start.
        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        await using MosquittoSubscription watcher = await Mosquitto.SubscribeAsync(gateway, "state/#", "-q", "1");
        await using ChildProcess last = await WithWillAsync(gateway, "last", "mqttv5");
        last.Kill();
        await last.ExitAsync();
        Assert.Equal("last is gone", Assert.Single(await watcher.MessagesAsync(1)).Body);
    }

    private static async Task<ChildProcess> WithWillAsync(GatewayProcess gateway, string name, string version, params string[] more)
    {
        string port = gateway.Ports.Mqtt.ToString(CultureInfo.InvariantCulture);
        ChildProcess client = ChildProcess.Start(
            "stdbuf",
            ["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-d", "-V", version, "-i", name, "-t", $"own/{name}",
                "--will-topic", $"state/{name}", "--will-payload", $"{name} is gone", "--will-qos", "2", .. more]);
        await client.LineAsync(line => line.StartsWith("Subscribed (", StringComparison.Ordinal), "that it is subscribed");
        return client;
    }
}
