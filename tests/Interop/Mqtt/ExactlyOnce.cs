using System.Globalization;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>QoS 2 of clients that we did not write, through kills of the process.</summary>
public sealed class ExactlyOnce
{
    [TheoryWhen(Needs.Paho)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task What_Paho_publishes_at_quality_two_is_stored_once_through_kills(int version)
    {
        const int Count = 4000;
        using var data = new TempDirectory("exactly-once");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        await using ScriptedClient device = ScriptedClient.Python("paho-exactly-once.py", new
        {
            port = gateway.Ports.Mqtt,
            version,
            clientId = "device",
            topic = "exact/a",
            count = Count,
            window = 50,
            step = 100,
        });
        for (int kill = 1; kill <= 4; kill++)
        {
            await device.EventsAsync(kill * 8, "progress", TimeSpan.FromSeconds(60));
            await gateway.KillAsync();
            await gateway.StartAgainAsync();
        }

        await device.EventAsync("done", TimeSpan.FromSeconds(60));
        await device.EndAsync();
        using var rest = new Rest(gateway);
        using RawMqtt raw = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "end");
        await raw.PublishAsync("exact/a", "end");
        // By where they are stored: a group may be given a message twice, and that is not storing it twice.
        Dictionary<string, string> stored = new(StringComparer.Ordinal);
        while (!stored.ContainsValue("end"))
        {
            foreach (JsonObject message in await rest.TakeAsync("exact", "audit", 1))
            {
                stored[(string)message["messageId"]!] = (string)message["body"]!;
            }
        }

        // Else Paho itself publishes again what it had released: a second message by the rules of QoS 2.
        Assert.Empty(device.Events("vain"));
        Assert.All(device.Events("connected"), connected => Assert.Equal(0, (int)connected["reason"]!));
        Assert.Equal(Enumerable.Range(0, Count), stored.Values.Where(body => body != "end").Select(body => int.Parse(body, CultureInfo.InvariantCulture)).Order());
        Assert.Empty(gateway.Failures);
    }

    [TheoryWhen(Needs.Mosquitto)]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Mosquitto_publishes_at_quality_two(string version)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(gateway, "two/#", "-q", "2", "-V", version);
        for (int i = 0; i < 20; i++)
        {
            await Mosquitto.PublishAsync(gateway, "two/a", $"{i}", "-q", "2", "-V", version);
        }

        IReadOnlyList<MosquittoMessage> messages = await subscription.MessagesAsync(20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), messages.Select(message => message.Body));
    }

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Mqtt_js_publishes_at_quality_two(int version)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await using ScriptedClient client = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{gateway.Ports.Mqtt}",
            version,
            clientId = "js",
            subscribe = new[] { new { filter = "two/#", qos = 2 } },
            publish = Enumerable.Range(0, 20).Select(i => new { topic = "two/js", body = $"{i}", qos = 2 }).ToArray(),
        });
        IReadOnlyList<JsonObject> messages = await client.EventsAsync(20, "message");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), messages.Select(message => (string?)message["body"]));
        await client.EventAsync("done");
        await client.CloseAsync();
    }
}
