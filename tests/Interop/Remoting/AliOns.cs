using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>ali-ons, a RocketMQ client that we did not write, as npm delivers it.</summary>
public sealed class AliOns(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [FactWhen(Needs.AliOns)]
    public async Task It_consumes_what_it_produces_with_tag_keys_and_properties()
    {
        await ProduceAsync(new { topic = "OnsSelf", tags = "TagA", keys = new[] { "k1", "k2" }, body = "grüße", properties = new { unit = "celsius" } });
        await using ScriptedClient consumer = Consume("OnsSelf", "ons-self");

        JsonObject message = await consumer.EventAsync("message");

        Assert.Equal("grüße", (string?)message["body"]);
        Assert.Equal("TagA", (string?)message["tags"]);
        Assert.Equal("k1 k2", (string?)message["keys"]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);
        Assert.Equal(0, (int)message["reconsumeTimes"]!);
    }

    [FactWhen(Needs.AliOns)]
    public async Task It_consumes_what_a_device_publishes()
    {
        await Clients.Mosquitto.PublishAsync(
            _gateway, "OnsFromMqtt/kitchen/temp", "21.5", "-q", "1", "-V", "5", "-D", "publish", "user-property", "unit", "celsius");
        await using ScriptedClient consumer = Consume("OnsFromMqtt", "ons-from-mqtt");

        JsonObject message = await consumer.EventAsync("message");

        Assert.Equal("21.5", (string?)message["body"]);
        Assert.Equal("kitchen/temp", (string?)message["tags"]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);
    }

    [FactWhen(Needs.AliOns)]
    public async Task It_consumes_what_is_posted_by_HTTP()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("OnsFromHttp", "tag=kitchen/temp&key=k7", "21.5", ("unit", "celsius"));
        await using ScriptedClient consumer = Consume("OnsFromHttp", "ons-from-http");

        JsonObject message = await consumer.EventAsync("message");

        Assert.Equal("21.5", (string?)message["body"]);
        Assert.Equal("kitchen/temp", (string?)message["tags"]);
        Assert.Equal("k7", (string?)message["keys"]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);
    }

    [FactWhen(Needs.AliOns, Needs.Mosquitto)]
    public async Task Devices_receive_what_it_produces()
    {
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "OnsToMqtt/+/temp", "-V", "5", "-q", "1");

        await ProduceAsync(new { topic = "OnsToMqtt", tags = "kitchen/temp", body = "21.5", properties = new { unit = "celsius" } });

        MosquittoMessage message = await device.MessageAsync("21.5");
        Assert.Equal("OnsToMqtt/kitchen/temp", message.Topic);
        Assert.Contains("unit:celsius", message.UserProperties, StringComparison.Ordinal);
    }

    [FactWhen(Needs.AliOns)]
    public async Task An_HTTP_group_receives_what_it_produces()
    {
        using var rest = new Rest(_gateway);
        await ProduceAsync(new { topic = "OnsToHttp", tags = "TagB", keys = new[] { "k9" }, body = "21.5", properties = new { unit = "celsius" } });

        JsonObject message = (await rest.TakeAsync("OnsToHttp", "ons-to-http", 1))[0];

        Assert.Equal("21.5", (string?)message["body"]);
        Assert.Equal("TagB", (string?)message["tag"]);
        Assert.Equal("k9", (string?)message["keys"]![0]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);
    }

    [FactWhen(Needs.AliOns)]
    public async Task Its_tag_filter_lets_only_the_named_tags_through()
    {
        await ProduceAsync([.. Enumerable.Range(0, 30).Select(i => (object)new { topic = "OnsTags", tags = $"Tag{i % 3}", body = $"{i}" })]);
        await using ScriptedClient consumer = ScriptedClient.Node(
            "ons-consume.js", new { nameSrv = _gateway.NameServer, group = "ons-tags", topic = "OnsTags", tags = "Tag0 || Tag2" });

        IReadOnlyList<JsonObject> messages = await consumer.EventsAsync(20, "message");

        Assert.Equal(
            Enumerable.Range(0, 30).Where(i => i % 3 != 1).Order(),
            messages.Select(message => int.Parse((string)message["body"]!, System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [FactWhen(Needs.AliOns)]
    public async Task A_message_that_its_handler_refused_comes_again()
    {
        await ProduceAsync(new { topic = "OnsRetry", tags = "TagA", body = "again" });
        await using ScriptedClient consumer = ScriptedClient.Node(
            "ons-consume.js", new { nameSrv = _gateway.NameServer, group = "ons-retry", topic = "OnsRetry", failures = 1 });

        await consumer.EventAsync("refused");
        JsonObject message = await consumer.EventAsync("message", TimeSpan.FromSeconds(45));

        Assert.Equal("again", (string?)message["body"]);
        Assert.Equal(1, (int)message["reconsumeTimes"]!);
    }

    [FactWhen(Needs.AliOns)]
    public async Task Two_instances_share_the_queues_of_a_group()
    {
        await ProduceAsync(new { topic = "OnsShare", body = "first" });
        await using ScriptedClient one = Consume("OnsShare", "ons-share");
        await one.EventAsync("message");
        await using ScriptedClient two = Consume("OnsShare", "ons-share");
        await two.EventAsync("assigned", TimeSpan.FromSeconds(40));

        await ProduceAsync([.. Enumerable.Range(0, 200).Select(i => (object)new { topic = "OnsShare", body = $"{i}" })]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (Bodies(one).Union(Bodies(two)).Count() < 201)
        {
            Assert.True(await poll.WaitForNextTickAsync(limit.Token));
        }

        Assert.True(Bodies(one).Count > 1 && Bodies(two).Count > 0, $"{Bodies(one).Count} and {Bodies(two).Count}");
    }

    private static HashSet<string> Bodies(ScriptedClient consumer)
        => [.. consumer.Events("message").Select(message => (string)message["body"]!)];

    private ScriptedClient Consume(string topic, string group)
        => ScriptedClient.Node("ons-consume.js", new { nameSrv = _gateway.NameServer, group, topic });

    private async Task ProduceAsync(params object[] messages)
    {
        // This client gives up when the name server does not know the topic, so somebody creates it first.
        using (RawBroker broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker))
        {
            await broker.CreateTopicAsync((string)JsonSerializer.SerializeToNode(messages[0])!["topic"]!, 4);
        }

        await using ScriptedClient producer = ScriptedClient.Node(
            "ons-produce.js", new { nameSrv = _gateway.NameServer, group = "ons-producer", messages });
        IReadOnlyList<JsonObject> sent = await producer.EventsAsync(messages.Length, "sent", TimeSpan.FromSeconds(40));
        Assert.All(sent, answer => Assert.Equal("SEND_OK", (string?)answer["status"]));
        await producer.EndAsync();
    }
}
