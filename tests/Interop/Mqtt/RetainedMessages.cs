using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Retained messages and <c>$SYS</c>, as clients that we did not write see them.</summary>
public sealed class RetainedMessages(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [FactWhen(Needs.Mosquitto)]
    public async Task A_retained_message_is_there_for_who_comes_later_and_gone_when_it_is_removed()
    {
        await Mosquitto.PublishAsync(_gateway, "kept/a", "old", "-q", "1", "-r");
        await Mosquitto.PublishAsync(_gateway, "kept/a", "new", "-q", "1", "-r", "-V", "5");
        await Mosquitto.PublishAsync(_gateway, "kept/b", "b", "-q", "1", "-r");
        await Mosquitto.PublishAsync(_gateway, "kept/b", "", "-q", "1", "-r");
        await Mosquitto.PublishAsync(_gateway, "kept/c", "c", "-q", "1");

        foreach (string version in new[] { "31", "311", "5" })
        {
            await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "kept/#", "-q", "1", "-V", version);
            MosquittoMessage message = await subscription.MessageAsync("new");
            Assert.True(message.Retain);
            Assert.Equal("kept/a", message.Topic);
            await Mosquitto.PublishAsync(_gateway, "kept/end", version, "-q", "1");
            Assert.False((await subscription.MessageAsync(version)).Retain);
            Assert.Equal(2, subscription.Messages.Count);
        }
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task What_HTTP_retains_a_device_finds()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("machine", "tag=state", "on", ("mqtt.retain", "1"));
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "machine/+", "-V", "5");
        MosquittoMessage message = await subscription.MessageAsync("on");
        Assert.Equal("machine/state", message.Topic);
        Assert.True(message.Retain);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Retained_messages_survive_kill_9()
    {
        using var data = new TempDirectory("retained");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        for (int i = 0; i < 5; i++)
        {
            await Mosquitto.PublishAsync(gateway, $"survives/{i}", $"v{i}", "-q", "1", "-r");
        }

        await Mosquitto.PublishAsync(gateway, "survives/0", "again", "-q", "1", "-r");
        await Mosquitto.PublishAsync(gateway, "survives/1", "", "-q", "1", "-r");
        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(gateway, "survives/#", "-q", "1");
        IReadOnlyList<MosquittoMessage> messages = await subscription.MessagesAsync(4);
        Assert.Equal(["again", "v2", "v3", "v4"], messages.Select(message => message.Body));
        Assert.All(messages, message => Assert.True(message.Retain));
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task The_version_is_found_under_SYS()
    {
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "$SYS/broker/version");
        Assert.StartsWith("ProtoBridgeMQ version ", (await subscription.MessagesAsync(1))[0].Body, StringComparison.Ordinal);
    }

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Mqtt_js_retains_and_finds(int version)
    {
        await using (ScriptedClient writer = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}",
            version,
            clientId = $"js-retain{version}",
            publish = new[] { new { topic = $"jskept{version}/a", body = "19", qos = 1, retain = true } },
        }))
        {
            await writer.EventAsync("done");
            await writer.CloseAsync();
        }

        await using ScriptedClient reader = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}",
            version,
            clientId = $"js-find{version}",
            subscribe = new[] { new { filter = $"jskept{version}/#", qos = 1 } },
        });
        JsonObject message = await reader.EventAsync("message");
        Assert.Equal("19", (string?)message["body"]);
        Assert.True((bool)message["retain"]!);
        await reader.CloseAsync();
    }
}
