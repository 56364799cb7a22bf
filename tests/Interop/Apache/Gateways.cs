using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>The gateway as a process in front of an Apache RocketMQ cluster.</summary>
public sealed class Gateways : ApacheTest
{
    [FactWhen(Needs.Apache, Needs.Mosquitto)]
    public async Task Devices_HTTP_and_native_clients_exchange_messages_through_it()
    {
        await using ApacheTopic topic = await TopicAsync("exchange");
        await using GatewayProcess gateway = await FrontAsync();
        using var rest = new Rest(gateway);
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(gateway, $"{topic.Name}/#", "-q", "1", "-V", "5");
        using (RawMqtt mqtt = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "to-apache"))
        {
            await mqtt.PublishAsync($"{topic.Name}/kitchen/temp", "by MQTT");
        }

        await rest.PublishAsync(topic.Name, "tag=kitchen/temp&key=k1", "by HTTP", ("unit", "celsius"));
        Message native = topic.Message("by the SDK", "kitchen/temp", "k2");
        native.Properties["unit"] = "celsius";
        await topic.Producer.SendAsync(native);

        foreach (string body in new[] { "by MQTT", "by HTTP", "by the SDK" })
        {
            Assert.Equal($"{topic.Name}/kitchen/temp", (await device.MessageAsync(body)).Topic);
        }

        await using Member member = await topic.MemberAsync(filter: MessageFilter.ByTags("kitchen/temp"));
        await member.HasAsync(3, Patience);
        Assert.Equal(["by HTTP", "by MQTT", "by the SDK"], member.Bodies.Order(StringComparer.Ordinal));
        Assert.Equal("celsius", member.Messages.First(message => Text(message) == "by HTTP").Properties["unit"]);

        IReadOnlyList<JsonObject> taken = await rest.TakeAsync(topic.Name, ApacheCluster.Name("web"), 3);
        Assert.Equal(["by HTTP", "by MQTT", "by the SDK"], taken.Select(message => (string)message["body"]!).Order(StringComparer.Ordinal));
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Apache)]
    public async Task HTTP_receives_acknowledges_gives_back_and_browses()
    {
        await using ApacheTopic topic = await TopicAsync("web");
        await using GatewayProcess gateway = await FrontAsync();
        using var rest = new Rest(gateway);
        for (int i = 0; i < 20; i++)
        {
            await rest.PublishAsync(topic.Name, $"tag=t{i % 2}&key=k{i}", $"{i}");
        }

        // One comes again at once, one after a delay.
        List<JsonObject> first = [];
        while (first.Count < 20)
        {
            first.AddRange(await rest.ReceiveAsync(topic.Name, topic.Group, "max=32&wait=10s"));
        }

        string[] receipts = [.. first.Select(message => (string)message["receipt"]!)];
        await SettleAsync(rest, "nack", new { receipts = receipts[..1], delay = "1s" });
        await SettleAsync(rest, "nack", new { receipts = receipts[1..2] });
        await rest.AcknowledgeAsync(receipts[2..]);
        IReadOnlyList<JsonObject> again = await rest.TakeAsync(topic.Name, topic.Group, 2);
        Assert.Equal(first.Take(2).Select(message => (string)message["body"]!).Order(), again.Select(message => (string)message["body"]!).Order());
        Assert.All(again, message => Assert.Equal(2, (int)message["attempt"]!));

        JsonObject page = await GetAsync(rest, $"v1/topics/{topic.Name}/messages?limit=15");
        JsonObject rest5 = await GetAsync(rest, $"v1/topics/{topic.Name}/messages?limit=15&cursor={(string)page["next"]!}");
        Assert.Equal(Enumerable.Range(0, 20), Numbers(page).Concat(Numbers(rest5)).Order());
        Assert.Equal(10, Numbers(await GetAsync(rest, $"v1/topics/{topic.Name}/messages?filter=t1")).Count());
        await Eventually.TrueAsync(async () => Numbers(await GetAsync(rest, $"v1/topics/{topic.Name}/messages?key=k7")).SequenceEqual([7]), "the key is found", Patience);
        Assert.Equal(5, Numbers(await GetAsync(rest, $"v1/topics/{topic.Name}/messages?sql={Uri.EscapeDataString("KEYS IN ('k1','k2','k3','k4','k5')")}")).Count());
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Apache)]
    public async Task Dead_letters_by_HTTP_are_those_of_the_group()
    {
        await using ApacheTopic topic = await TopicAsync("dying");
        await using GatewayProcess gateway = await FrontAsync();
        using var rest = new Rest(gateway);
        await rest.PublishAsync(topic.Name, "tag=t&key=k1", "dies");
        JsonObject received = Assert.Single(await rest.ReceiveAsync(topic.Name, topic.Group, "max=1&wait=20s"));

        await SettleAsync(rest, "dead-letter", new { receipts = new[] { (string)received["receipt"]! } });

        await Eventually.TrueAsync(
            async () => (await GetAsync(rest, $"v1/groups/{topic.Group}/dead-letters"))["items"]!.AsArray() is [{ } dead] && (string?)dead["body"] == "dies", "it is a dead letter", Patience);
        using HttpResponseMessage resent = await rest.Client.PostAsJsonAsync(new Uri($"v1/groups/{topic.Group}/dead-letters/resend", UriKind.Relative), new { all = true });
        Assert.True(resent.IsSuccessStatusCode, await resent.Content.ReadAsStringAsync());
        Assert.Equal("dies", (string?)(await rest.TakeAsync(topic.Name, topic.Group, 1))[0]["body"]);
    }

    [FactWhen(Needs.Apache, Needs.Mosquitto)]
    public async Task A_shared_subscription_is_the_group_and_retained_messages_outlive_the_gateway()
    {
        string topic = ApacheCluster.Name("kept");
        string group = ApacheCluster.Name("kept");
        await using (GatewayProcess gateway = await FrontAsync())
        {
            await Clients.Mosquitto.PublishAsync(gateway, $"{topic}/state", "retained", "-q", "1", "-r");
            await using MosquittoSubscription worker = await Clients.Mosquitto.SubscribeAsync(gateway, $"$share/{group}/{topic}/#", "-V", "5", "-q", "1");
            await Clients.Mosquitto.PublishAsync(gateway, $"{topic}/job", "job", "-q", "1");
            await worker.MessageAsync("job");
            await Eventually.TrueAsync(async () => await ProgressAsync(group, topic) is { Count: > 0 } progress && progress.Sum(queue => queue.Lag) == 0, "the broker has the group's progress", Patience);
            Assert.Equal(0, await gateway.StopAsync());
        }

        await using GatewayProcess another = await FrontAsync();
        await using MosquittoSubscription late = await Clients.Mosquitto.SubscribeAsync(another, $"{topic}/#", "-V", "5");
        Assert.True((await late.MessageAsync("retained")).Retain);
        Assert.Empty(another.Failures);
    }

    [FactWhen(Needs.Apache)]
    public async Task No_session_outlives_its_connection_and_the_answer_to_CONNECT_says_so()
    {
        await using GatewayProcess gateway = await FrontAsync();

        // 3.1.1 without clean session: "server unavailable". 5 with an expiry of an hour: one of 0 is granted.
        byte[] old = await AnswerAsync(gateway, [0x10, 13, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 0, 0, 0, 0, 1, (byte)'a']);
        Assert.Equal([0x20, 2, 0, 3], old);
        byte[] five = await AnswerAsync(gateway, [0x10, 19, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 0, 0, 0, 5, 0x11, 0, 0, 0x0E, 0x10, 0, 1, (byte)'b']);
        Assert.Equal((0x20, 0), (five[0], five[3]));
        Assert.True(five.AsSpan(4).IndexOf((ReadOnlySpan<byte>)[0x11, 0, 0, 0, 0]) >= 0, Convert.ToHexString(five));
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Apache)]
    public async Task It_is_ready_and_tells_of_topics_groups_and_brokers()
    {
        await using ApacheTopic topic = await TopicAsync("looked", 3);
        await using GatewayProcess gateway = await FrontAsync();
        using var rest = new Rest(gateway);

        using HttpResponseMessage ready = await rest.Client.GetAsync(new Uri("readyz", UriKind.Relative));
        Assert.True(ready.IsSuccessStatusCode, await ready.Content.ReadAsStringAsync());
        JsonObject overview = await GetAsync(rest, "v1/overview");
        Assert.Equal(ApacheCluster.NameServers, (string?)overview["cluster"]);
        Assert.True((bool)overview["canPublish"]!);
        Assert.NotEmpty(overview["brokers"]!.AsArray());
        Assert.Equal(3 * overview["brokers"]!.AsArray().Count, (await GetAsync(rest, $"v1/topics/{topic.Name}/queues"))["items"]!.AsArray().Count);
        Assert.Contains((await GetAsync(rest, "v1/topics?limit=200"))["topics"]!.AsArray(), one => one is not null);
        Assert.NotNull((await GetAsync(rest, "v1/groups?limit=200"))["items"]);
    }

    private static IEnumerable<int> Numbers(JsonObject page)
        => page["items"]!.AsArray().Select(message => int.Parse((string)message!["body"]!, CultureInfo.InvariantCulture));

    private static Task<GatewayProcess> FrontAsync() => GatewayProcess.StartAsync(new GatewaySettings { NameServers = ApacheCluster.NameServers });

    /// <summary>The gateway's answer to a CONNECT.</summary>
    private static async Task<byte[]> AnswerAsync(GatewayProcess gateway, byte[] connect)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, gateway.Ports.Mqtt);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(connect);
        byte[] answer = new byte[256];
        int read = await stream.ReadAtLeastAsync(answer, 2).AsTask().WaitAsync(Patience);
        read += await stream.ReadAtLeastAsync(answer.AsMemory(read), Math.Max(answer[1] + 2 - read, 0)).AsTask().WaitAsync(Patience);
        return answer[..read];
    }

    private static async Task SettleAsync<T>(Rest rest, string how, T body)
    {
        using HttpResponseMessage answer = await rest.Client.PostAsJsonAsync(new Uri($"v1/receipts/{how}", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<JsonObject> GetAsync(Rest rest, string path)
    {
        using HttpResponseMessage answer = await rest.Client.GetAsync(new Uri(path, UriKind.Relative));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}
