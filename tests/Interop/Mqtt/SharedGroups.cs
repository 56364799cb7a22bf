using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>mosquitto, ali-ons and HTTP in one group; and what mapping rules and typed properties become between them.</summary>
public sealed class SharedGroups : IAsyncLifetime
{
    private const string Rules = """
        { "mapping": { "rules": [ { "mqtt": "{site}/{device}/telemetry/{metric}", "topic": "ruled", "tag": "{metric}", "key": "{device}" } ] } }
        """;

    /// <summary>Topic, QoS, retain, user properties, content type; then what becomes the body: response topic, correlation data, format, payload.</summary>
    private const string Typed = "MESSAGE %t|%q|%r|%P|%C|%R|%D|%F|%p";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private GatewayProcess _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = Rules });

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [FactWhen(Needs.AliOns, Needs.Mosquitto)]
    public async Task Members_of_three_protocols_share_a_group_and_what_a_lost_client_held_goes_to_the_others()
    {
        const string Topic = "sharedall";
        const string Group = "shared-all";
        const int Messages = 300;
        using RawBroker broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker);
        await broker.CreateTopicAsync(Topic, 8);
        await using ScriptedClient native = ScriptedClient.Node("ons-consume.js", new { nameSrv = _gateway.NameServer, group = Group, topic = Topic, instance = "native" });
        await native.EventAsync("ready", Patience);
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, $"$share/{Group}/{Topic}/#", "-V", "5", "-q", "1", "-i", "device");
        await using var web = new HttpMember(_gateway, Topic, Group);
        using RawMqtt publisher = await RawMqtt.ConnectAsync(_gateway.Ports.Mqtt, "publisher");

        List<string> Native() => [.. native.Events("message").Select(message => (string)message["body"]!)];
        List<string> Device() => [.. device.Messages.Select(message => message.Body)];
        int probes = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await publisher.PublishAsync($"{Topic}/probe/{probes}", $"probe{probes++}");
                return Native().Count > 0 && Device().Count > 0 && !web.Bodies.IsEmpty;
            },
            "all three handled something",
            Patience);

        using (TcpClient silent = await JoinSilentlyAsync($"$share/{Group}/{Topic}/#"))
        {
            for (int i = 0; i < Messages / 2; i++)
                await publisher.PublishAsync($"{Topic}/kitchen/{i}", $"m{i}");
            Assert.Equal(1, await silent.GetStream().ReadAsync(new byte[1]).Within("the silent member holds a message", Patience));
        }

        for (int i = Messages / 2; i < Messages; i++)
            await publisher.PublishAsync($"{Topic}/kitchen/{i}", $"m{i}");

        List<string> Handled() => [.. Native().Concat(Device()).Concat(web.Bodies).Where(body => body.StartsWith('m'))];
        await Eventually.True(() => Handled().Distinct().Count() == Messages, $"all were handled\n{_gateway.Output}", Patience);
        Assert.Equal(Messages, Handled().Count);
        Assert.Empty(_gateway.Failures);
    }

    [FactWhen(Needs.AliOns, Needs.Mosquitto)]
    public async Task Typed_properties_and_rules_arrive_at_every_protocol()
    {
        using RawBroker broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker);
        await broker.CreateTopicAsync("ruled", 4);
        await using ScriptedClient native = ScriptedClient.Node("ons-consume.js", new { nameSrv = _gateway.NameServer, group = "typed-native", topic = "ruled" });
        await native.EventAsync("ready", Patience);
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "s1/+/telemetry/#", "-V", "5", "-q", "1", "-F", Typed);
        await using MosquittoSubscription shared = await Clients.Mosquitto.SubscribeAsync(_gateway, "$share/typed-share/s1/#", "-V", "5", "-q", "1", "-F", Typed);
        using var rest = new Rest(_gateway);
        await rest.ReceiveAsync("ruled", "typed-http", "max=1");

        await Clients.Mosquitto.PublishAsync(
            _gateway, "s1/d7/telemetry/temp", "21.5", "-q", "1", "-V", "5",
            "-D", "publish", "content-type", "text/plain", "-D", "publish", "response-topic", "answers/d7", "-D", "publish", "correlation-data", "c7",
            "-D", "publish", "payload-format-indicator", "1", "-D", "publish", "message-expiry-interval", "600", "-D", "publish", "user-property", "unit", "celsius");

        foreach (MosquittoSubscription subscription in (MosquittoSubscription[])[device, shared])
        {
            MosquittoMessage received = await subscription.MessageAsync("answers/d7|c7|1|21.5");
            Assert.Equal(("s1/d7/telemetry/temp", "1", "text/plain"), (received.Topic, received.Qos, received.ContentType));
            Assert.Contains("unit:celsius", received.UserProperties, StringComparison.Ordinal);
        }

        JsonObject message = await native.EventAsync("message", Patience);
        Assert.Equal(("ruled", "temp", "d7", "21.5"), ((string?)message["topic"], (string?)message["tags"], (string?)message["keys"], (string?)message["body"]));
        JsonNode log = message["properties"]!;
        Assert.Equal(
            ("s1/d7/telemetry/temp", "text/plain", "answers/d7", "Yzc", "1", "celsius"),
            ((string?)log["mqtt.topic"], (string?)log["mqtt.content-type"], (string?)log["mqtt.response-topic"], (string?)log["mqtt.correlation-data"], (string?)log["mqtt.payload-format"], (string?)log["unit"]));
        JsonObject posted = (await rest.TakeAsync("ruled", "typed-http", 1))[0];
        Assert.Equal(("temp", "text/plain", "celsius"), ((string?)posted["tag"], (string?)posted["contentType"], (string?)posted["properties"]!["unit"]));
    }

    [FactWhen(Needs.AliOns, Needs.Mosquitto)]
    public async Task What_RocketMQ_clients_and_HTTP_publish_arrives_typed_at_devices()
    {
        using RawBroker broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker);
        await broker.CreateTopicAsync("typedback", 4);
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "typedback/#", "-V", "5", "-q", "1", "-F", Typed);
        object[] messages =
        [
            new
            {
                topic = "typedback",
                tags = "a/b",
                body = "native",
                properties = JsonSerializer.SerializeToNode(new Dictionary<string, string>
                {
                    ["mqtt.content-type"] = "text/plain",
                    ["mqtt.response-topic"] = "answers/d7",
                    ["mqtt.correlation-data"] = "Yzc",
                    ["mqtt.payload-format"] = "1",
                    ["unit"] = "celsius",
                }),
            },
        ];
        await using (ScriptedClient producer = ScriptedClient.Node("ons-produce.js", new { nameSrv = _gateway.NameServer, group = "typed-producer", messages }))
        {
            await producer.EventAsync("sent", Patience);
        }

        MosquittoMessage native = await device.MessageAsync("answers/d7|c7|1|native");
        Assert.Equal(("typedback/a/b", "text/plain"), (native.Topic, native.ContentType));
        Assert.Contains("unit:celsius", native.UserProperties, StringComparison.Ordinal);

        using var rest = new Rest(_gateway);
        await rest.PublishAsync("typedback", "tag=c/d&key=k", "posted", ("unit", "celsius"));
        MosquittoMessage posted = await device.MessageAsync("|||posted");
        Assert.Equal("typedback/c/d", posted.Topic);
        Assert.Contains("unit:celsius", posted.UserProperties, StringComparison.Ordinal);
    }

    /// <summary>A client that takes messages and acknowledges none.</summary>
    private async Task<TcpClient> JoinSilentlyAsync(string filter)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _gateway.Ports.Mqtt);
        byte[] name = Encoding.UTF8.GetBytes(filter);
        await client.GetStream().WriteAsync((byte[])[0x10, 18, 0, 4, .. "MQTT"u8, 4, 2, 0, 0, 0, 6, .. "silent"u8]);
        await client.GetStream().ReadExactlyAsync(new byte[4]);
        await client.GetStream().WriteAsync((byte[])[0x82, (byte)(5 + name.Length), 0, 1, 0, (byte)name.Length, .. name, 1]);
        byte[] suback = new byte[5];
        await client.GetStream().ReadExactlyAsync(suback);
        Assert.Equal("9003000101", Convert.ToHexString(suback));
        return client;
    }

    /// <summary>Receives over HTTP and acknowledges.</summary>
    private sealed class HttpMember : IAsyncDisposable
    {
        private readonly Rest _rest;
        private readonly string _topic;
        private readonly string _group;
        private readonly ConcurrentQueue<string> _bodies = new();
        private readonly Task _working;
        private volatile bool _stop;

        public HttpMember(GatewayProcess gateway, string topic, string group)
        {
            _rest = new Rest(gateway);
            _topic = topic;
            _group = group;
            _working = Task.Run(WorkAsync);
        }

        public ConcurrentQueue<string> Bodies => _bodies;

        public async ValueTask DisposeAsync()
        {
            _stop = true;
            await _working;
            _rest.Dispose();
        }

        private async Task WorkAsync()
        {
            while (!_stop)
            {
                foreach (JsonObject message in await _rest.ReceiveAsync(_topic, _group, "max=4&wait=1s"))
                {
                    if ((bool)(await _rest.AcknowledgeAsync((string)message["receipt"]!))["results"]![0]!["settled"]!)
                        _bodies.Enqueue((string)message["body"]!);
                }
            }
        }
    }
}
