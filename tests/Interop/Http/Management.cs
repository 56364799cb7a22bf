using System.Globalization;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>The management interface of the real process, by curl, beside devices by mosquitto's clients.</summary>
public sealed class Management(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [FactWhen(Needs.Curl)]
    public async Task The_overview_tells_of_traffic_disk_and_brokers()
    {
        await CurlAsync("POST", "v1/topics/watched/messages?tag=t", "m");

        (int status, JsonNode overview) = await CurlAsync("GET", "v1/overview");

        Assert.Equal(200, status);
        Assert.Equal("embedded", (string?)overview["cluster"]);
        Assert.True((bool)overview["canPublish"]!);
        Assert.Contains(overview["rates"]!["protocols"]!.AsArray(), one => (string?)one!["protocol"] == "http" && (long)one["messagesIn"]! > 0);
        Assert.True((long)overview["disk"]!["totalBytes"]! > (long)overview["disk"]!["freeBytes"]!);
        Assert.True((long)overview["disk"]!["storeBytes"]! > 0);
        Assert.Equal(1, (int)overview["brokers"]![0]!["nameServersReached"]!);
        Assert.DoesNotContain(overview["alarms"]!.AsArray(), alarm => (string?)alarm!["severity"] == "critical");
    }

    [FactWhen(Needs.Curl)]
    public async Task A_topic_is_made_looked_at_and_deleted_with_its_messages()
    {
        Assert.Equal(201, (await CurlAsync("PUT", "v1/topics/managed", """{"queues":2}""")).Status);
        await CurlAsync("POST", "v1/topics/managed/messages?tag=t", "m");

        JsonNode queues = (await CurlAsync("GET", "v1/topics/managed/queues")).Answer;
        Assert.Equal(1, queues["items"]!.AsArray().Sum(queue => (int)queue!["messages"]!));

        Assert.Equal(412, (await CurlAsync("DELETE", "v1/topics/managed", null, "-H", "If-Match: \"other\"")).Status);
        Assert.Equal(204, (await CurlAsync("DELETE", "v1/topics/managed")).Status);
        Assert.Equal(404, (await CurlAsync("GET", "v1/topics/managed")).Status);
    }

    [FactWhen(Needs.Curl)]
    public async Task Dead_letters_are_found_sent_again_and_consumed()
    {
        string id = (string)(await CurlAsync("POST", "v1/topics/dying/messages?tag=t&key=k1", "first")).Answer["messageId"]!;
        await CurlAsync("POST", "v1/topics/dying/messages?tag=t&key=k2", "second");
        using var rest = new Rest(_gateway);
        List<string> receipts = [];
        while (receipts.Count < 2)
        {
            IReadOnlyList<JsonObject> messages = await rest.ReceiveAsync("dying", "mourners", "max=10&wait=10s");
            Assert.NotEmpty(messages);
            receipts.AddRange(messages.Select(message => (string)message["receipt"]!));
        }

        await CurlAsync("POST", "v1/receipts/dead-letter", $$"""{"receipts":["{{string.Join("\",\"", receipts)}}"]}""", "-H", "Content-Type: application/json");

        JsonArray all = await EventuallyAsync("v1/groups/mourners/dead-letters", 2);
        JsonNode first = Assert.Single((await CurlAsync("GET", "v1/groups/mourners/dead-letters?key=k1")).Answer["items"]!.AsArray())!;
        Assert.Equal(("first", "dying", "%DLQ%mourners"), ((string?)first["body"], (string?)first["topic"], (string?)first["liesIn"]));
        Assert.Equal(2, all.Count);

        JsonNode trace = (await CurlAsync("GET", $"v1/messages/{id}/trace")).Answer;
        Assert.Equal(("mourners", "dead-letter"), ((string?)trace["groups"]![0]!["group"], (string?)trace["groups"]![0]!["state"]));
        Assert.Equal(["sent", "stored", "dead-lettered"], trace["steps"]!.AsArray().Select(step => (string)step!["step"]!));

        (int status, JsonNode one) = await ResendAsync("mourners", $$"""{"messageIds":["{{(string?)first["messageId"]}}"]}""");
        Assert.Equal((200, 1), (status, (int)one["sent"]!));
        JsonObject again = Assert.Single(await rest.ReceiveAsync("dying", "mourners", "max=1&wait=20s"));
        Assert.Equal("first", (string?)again["body"]);
        await rest.AcknowledgeAsync((string)again["receipt"]!);

        Assert.Equal(2, (int)(await ResendAsync("mourners", """{"all":true}""")).Answer["sent"]!);
        Assert.Equal(0, (int)(await ResendAsync("mourners", """{"all":true}""")).Answer["sent"]!);
        (status, JsonNode missing) = await ResendAsync("mourners", """{"messageIds":["7F00000100002A9F00000000FFFFFFFF"]}""");
        Assert.Equal(207, status);
        Assert.Equal("urn:protobridge:problem:not-found", (string?)missing["results"]![0]!["error"]!["type"]);
    }

    [FactWhen(Needs.Curl)]
    public async Task A_message_is_found_by_its_id_and_its_way_is_told()
    {
        string id = (string)(await CurlAsync("POST", "v1/topics/traced/messages?tag=t&key=k", "m")).Answer["messageId"]!;
        using var rest = new Rest(_gateway);
        await rest.TakeAsync("traced", "readers", 1);

        JsonNode found = (await CurlAsync("GET", $"v1/messages/{id}")).Answer;
        Assert.Equal(("m", "traced", "t"), ((string?)found["body"], (string?)found["topic"], (string?)found["tag"]));
        // Curl's own end of its connection, not the broker's.
        Assert.StartsWith("127.0.0.1:", (string?)found["bornHost"], StringComparison.Ordinal);
        Assert.NotEqual($"127.0.0.1:{_gateway.Ports.Broker}", (string?)found["bornHost"]);
        Assert.NotEqual((string?)found["storeHost"], (string?)found["bornHost"]);
        JsonNode? trace = null;
        await Eventually.TrueAsync(
            async () =>
            {
                trace = (await CurlAsync("GET", $"v1/messages/{id}/trace")).Answer;
                return trace["groups"]!.AsArray().Any(group => (string?)group!["group"] == "readers" && (string?)group["state"] == "consumed");
            },
            "the trace says that the group consumed it");
        Assert.Equal(["sent", "stored"], trace!["steps"]!.AsArray().Select(step => (string)step!["step"]!));
        Assert.Equal(404, (await CurlAsync("GET", "v1/messages/no-such-id")).Status);
    }

    [FactWhen(Needs.Curl, Needs.Mosquitto)]
    public async Task Devices_are_listed_with_their_filters_and_disconnected()
    {
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "listed/+/temp", "-i", "device 1/a", "-q", "1");

        JsonNode client = Assert.Single((await CurlAsync("GET", "v1/clients?protocol=mqtt&search=device%201")).Answer["items"]!.AsArray())!;
        Assert.Equal(("device 1/a", "listed/+/temp"), ((string?)client["id"], (string?)client["subscriptions"]![0]));
        Assert.Equal("3.1.1", (string?)client["details"]!["version"]);
        Assert.Equal(200, (await CurlAsync("GET", "v1/clients/mqtt/device%201%2Fa")).Status);

        Assert.Equal(204, (await CurlAsync("DELETE", "v1/clients/mqtt/device%201%2Fa")).Status);
        Assert.Equal(404, (await CurlAsync("DELETE", "v1/clients/mqtt/nobody")).Status);
        await _gateway.LineAsync(line => line.Contains("Change: disconnect-client mqtt device 1/a by anonymous", StringComparison.Ordinal), "the line of the change");
    }

    [FactWhen(Needs.Curl, Needs.Mosquitto)]
    public async Task Sessions_and_retained_messages_are_listed_and_removed()
    {
        await Clients.Mosquitto.PublishAsync(_gateway, "kept/a/state", "on", "-r", "-q", "1");
        await using (await Clients.Mosquitto.SubscribeAsync(_gateway, "kept/#", "-i", "sleeper", "-c", "-q", "1"))
        {
            JsonNode connected = (await CurlAsync("GET", "v1/sessions/sleeper")).Answer;
            Assert.True((bool)connected["isConnected"]!);
            Assert.Equal("kept/#", (string?)connected["subscriptions"]![0]!["filter"]);
        }

        await Clients.Mosquitto.PublishAsync(_gateway, "kept/b", "while away", "-q", "1");
        await Eventually.TrueAsync(async () => (int?)(await CurlAsync("GET", "v1/sessions/sleeper")).Answer["waiting"] == 1, "one message waits");

        Assert.Contains((await CurlAsync("GET", "v1/sessions?search=sleep")).Answer["items"]!.AsArray(), session => (string?)session!["clientId"] == "sleeper");
        await Eventually.TrueAsync(async () => (await CurlAsync("DELETE", "v1/sessions/sleeper")).Status == 204, "the session could be ended");
        Assert.Equal(404, (await CurlAsync("GET", "v1/sessions/sleeper")).Status);

        JsonNode retained = Assert.Single((await CurlAsync("GET", "v1/retained?filter=kept/%2B/state")).Answer["items"]!.AsArray())!;
        Assert.Equal(("kept/a/state", "on"), ((string?)retained["name"], (string?)retained["body"]));
        Assert.Equal(204, (await CurlAsync("DELETE", "v1/retained?name=kept/a/state")).Status);
        Assert.Empty((await CurlAsync("GET", "v1/retained?filter=kept/%23")).Answer["items"]!.AsArray());
        Assert.Equal(404, (await CurlAsync("DELETE", "v1/retained?name=kept/a/state")).Status);
    }

    [FactWhen(Needs.Curl)]
    public async Task Configuration_says_where_values_come_from_and_refusals_are_kept()
    {
        await CurlAsync("PUT", "v1/topics/refused", """{"queues":0}""");

        JsonNode settings = (await CurlAsync("GET", "v1/configuration?limit=1000")).Answer;
        JsonNode port = settings["items"]!.AsArray().Single(setting => (string?)setting!["name"] == "httpPort")!;
        Assert.Equal(("command line", "--http-port"), ((string?)port["source"], (string?)port["where"]));
        Assert.Equal(_gateway.Ports.Http.ToString(CultureInfo.InvariantCulture), (string?)port["value"]);
        Assert.Contains(settings["items"]!.AsArray(), setting => (string?)setting!["name"] == "http.maxPage" && (string?)setting["source"] == "default");

        JsonNode refusals = (await CurlAsync("GET", "v1/refusals?protocol=http")).Answer;
        Assert.Contains(refusals["items"]!.AsArray(), refusal => (string?)refusal!["what"] == "PUT /v1/topics/refused");
        Assert.Equal(501, (await CurlAsync("PUT", "v1/mapping", """{"rules":[]}""")).Status);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using ChildProcess curl = ChildProcess.Start("curl", ["-sS", .. arguments]);
        Assert.True(await curl.ExitAsync() == 0, curl.Output);
        return curl.Output;
    }

    private Task<(int Status, JsonNode Answer)> ResendAsync(string group, string json)
        => CurlAsync("POST", $"v1/groups/{group}/dead-letters/resend", json, "-H", "Content-Type: application/json");

    private async Task<JsonArray> EventuallyAsync(string path, int count)
    {
        JsonArray items = [];
        await Eventually.TrueAsync(
            async () =>
            {
                items = (await CurlAsync("GET", path)).Answer["items"]!.AsArray();
                return items.Count == count;
            },
            $"{path} shows {count}");
        return items;
    }

    private async Task<(int Status, JsonNode Answer)> CurlAsync(string method, string path, string? body = null, params string[] more)
    {
        string[] content = body is null ? [] : ["--data-binary", body];
        string[] type = method == "PUT" ? ["-H", "Content-Type: application/json"] : [];
        string output = (await RunAsync(["-X", method, "-g", $"{_gateway.Http}{path}", .. content, .. type, .. more, "-w", "\n%{http_code}"])).TrimEnd();
        int end = output.LastIndexOf('\n');
        string text = end < 0 ? string.Empty : output[..end].Trim();
        return (int.Parse(output[(end + 1)..], CultureInfo.InvariantCulture), text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }
}
