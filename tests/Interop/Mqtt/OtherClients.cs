using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Eclipse Paho (Python) and mqtt.js against the gateway.</summary>
public sealed class OtherClients(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [TheoryWhen(Needs.Paho)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Paho_receives_what_it_publishes(int version)
    {
        await using ScriptedClient paho = ScriptedClient.Python("paho-client.py", new
        {
            port = _gateway.Ports.Mqtt,
            version,
            clientId = $"paho{version}",
            subscribe = new object[] { new object[] { $"paho{version}/+/temp", 1 } },
            publish = new object[]
            {
                new { topic = $"paho{version}/hall/temp", body = "19", qos = 1, user = new[] { new[] { "unit", "celsius" } } },
                new { topic = $"paho{version}/hall/temp", body = "20", qos = 0, user = Array.Empty<string[]>() },
            },
        });

        IReadOnlyList<JsonObject> messages = await paho.EventsAsync(2, "message");

        Assert.Equal(["19", "20"], messages.Select(message => (string?)message["body"]));
        Assert.Equal([1, 0], messages.Select(message => (int)message["qos"]!));
        Assert.Equal($"paho{version}/hall/temp", (string?)messages[0]["topic"]);
        if (version == 5)
        {
            Assert.Equal("""[["unit","celsius"]]""", messages[0]["user"]!.ToJsonString());
        }

        await paho.CloseAsync();
    }

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Mqtt_js_receives_what_it_publishes(int version)
    {
        object? properties = version == 5
            ? new { userProperties = new { unit = "celsius" }, contentType = "text/plain", responseTopic = "js/answers" }
            : null;
        await using ScriptedClient client = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}",
            version,
            clientId = $"js{version}",
            subscribe = new[] { new { filter = $"js{version}/#", qos = 1 } },
            publish = new[] { new { topic = $"js{version}/hall/temp", body = "19", qos = 1, properties } },
        });

        JsonObject message = await client.EventAsync("message");

        Assert.Equal("19", (string?)message["body"]);
        Assert.Equal(1, (int)message["qos"]!);
        if (version == 5)
        {
            Assert.Equal("celsius", (string?)message["properties"]!["userProperties"]!["unit"]);
            Assert.Equal("text/plain", (string?)message["properties"]!["contentType"]);
            Assert.Equal("js/answers", (string?)message["properties"]!["responseTopic"]);
        }

        await client.EventAsync("done");
        await client.CloseAsync();
    }

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_subscription_is_granted_the_quality_it_asks_for(int version)
    {
        await using ScriptedClient client = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}",
            version,
            clientId = $"grant{version}",
            subscribe = new[] { new { filter = "grant/#", qos = 2 } },
        });

        JsonObject granted = await client.EventAsync("subscribed");

        Assert.Equal("[2]", granted["granted"]!.ToJsonString());
    }

    [FactWhen(Needs.Mosquitto, Needs.Paho, Needs.MqttJs)]
    public async Task One_publish_reaches_devices_of_three_libraries()
    {
        await using MosquittoSubscription mosquitto = await Mosquitto.SubscribeAsync(_gateway, "three/#", "-q", "1");
        await using ScriptedClient paho = ScriptedClient.Python("paho-client.py", new
        {
            port = _gateway.Ports.Mqtt, clientId = "three-paho", subscribe = new object[] { new object[] { "three/#", 1 } },
        });
        await using ScriptedClient js = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}", clientId = "three-js", subscribe = new[] { new { filter = "three/#", qos = 1 } },
        });
        await paho.EventAsync("ready");
        await js.EventAsync("ready");

        await Mosquitto.PublishAsync(_gateway, "three/a", "all", "-q", "1");

        await mosquitto.MessageAsync("all");
        Assert.Equal("all", (string?)(await paho.EventAsync("message"))["body"]);
        Assert.Equal("all", (string?)(await js.EventAsync("message"))["body"]);
    }
}
