using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>Webhooks of the real process to Python's HTTP server, and its WebSockets by the ws package of npm; killed in the middle.</summary>
public sealed class Pushing
{
    private const string Secret = "a secret of the test, long enough";
    private const string Settings = """{ "http": { "webhookPrivateAddresses": true, "webhookBackOff": "00:00:00.200", "webhookMaxBackOff": "00:00:01" } }""";

    [FactWhen(Needs.Python)]
    public async Task A_webhook_signs_retries_slower_and_gives_up_into_dead_letters()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = Settings });
        using var rest = new Rest(gateway);
        await using ScriptedClient receiver = ScriptedClient.Python("webhook-receiver.py", new { secret = Secret });
        JsonObject hook = await HookAsync(rest, receiver, 3);

        await rest.PublishAsync("hooked", "tag=t&key=k", "at once");
        await rest.PublishAsync("hooked", "tag=t", "fail 2");
        await rest.PublishAsync("hooked", "tag=t", "never");

        await receiver.EventsAsync(7, "request");
        IReadOnlyList<JsonObject> requests = receiver.Events("request");
        Assert.All(requests, static request => Assert.True((bool)request["signed"]! && (bool)request["fresh"]!));
        Assert.Equal([1], Attempts(requests, "at once"));
        Assert.Equal([1, 2, 3], Attempts(requests, "fail 2"));
        Assert.Equal([1, 2, 3], Attempts(requests, "never"));
        Assert.All(new[] { "fail 2", "never" }, text => Assert.Single(requests.Where(request => (string?)request["body"] == text).Select(static request => (string)request["id"]!).Distinct()));
        double[] at = [.. requests.Where(static request => (string?)request["body"] == "never").Select(static request => (double)request["at"]!)];
        Assert.True(at[1] - at[0] >= 0.15 && at[2] - at[1] >= 0.35, $"pauses of {at[1] - at[0]} s and {at[2] - at[1]} s");

        JsonArray letters = [];
        await Eventually.TrueAsync(
            async () => (letters = (await rest.Client.GetFromJsonAsync<JsonObject>(new Uri($"v1/groups/{hook["group"]}/dead-letters", UriKind.Relative)))!["items"]!.AsArray()).Count > 0,
            "the message that nobody took is a dead letter");
        Assert.Equal("never", (string?)Assert.Single(letters)!["body"]);
        using HttpResponseMessage tested = await rest.Client.PostAsync(new Uri($"v1/webhooks/{hook["id"]}/test", UriKind.Relative), null);
        Assert.Equal(204, (int?)(await tested.Content.ReadFromJsonAsync<JsonObject>())!["status"]);
    }

    [FactWhen(Needs.Python)]
    public async Task A_webhook_goes_on_after_a_kill_in_the_middle_of_a_push()
    {
        using var data = new TempDirectory("hooked");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free(), Configuration = Settings });
        await using ScriptedClient receiver = ScriptedClient.Python("webhook-receiver.py", new { secret = Secret });
        string held;
        using (var rest = new Rest(gateway))
        {
            await HookAsync(rest, receiver, 8);
            await rest.PublishAsync("hooked", "tag=t", "before");
            await receiver.EventsAsync(1, "request");
            held = (string)(await rest.PublishAsync("hooked", "tag=t", "hold"))["messageId"]!;
            await receiver.EventsAsync(2, "request");
        }

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        using var again = new Rest(gateway);
        await again.PublishAsync("hooked", "tag=t", "after");

        await Eventually.True(
            () => Attempts(receiver.Events("request"), "hold").Count >= 2 && Attempts(receiver.Events("request"), "after").Count >= 1,
            "the message that was on its way comes again, and the one after it");
        IReadOnlyList<JsonObject> requests = receiver.Events("request");
        Assert.All(requests, static request => Assert.True((bool)request["signed"]!));
        Assert.All(requests.Where(static request => (string?)request["body"] == "hold"), request => Assert.Equal(held, (string?)request["id"]));
    }

    [FactWhen(Needs.MqttJs)]
    public async Task A_socket_sends_as_far_as_credit_goes_and_resumes_after_a_kill()
    {
        using var data = new TempDirectory("socket");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        string place;
        using (var rest = new Rest(gateway))
        {
            await PublishAsync(rest, "sockets", 0, 5);
            await using ScriptedClient client = ScriptedClient.Node("socket-client.js", new { url = Url(gateway, "sockets?from=earliest"), credit = new[] { 2, 3 } });
            IReadOnlyList<JsonObject> portions = await client.EventsAsync(2, "portion");
            Assert.Equal([2, 5], portions.Select(static portion => (int)portion["delivered"]!));
            Assert.Equal(["m0", "m1", "m2", "m3", "m4"], Bodies(client).Order(StringComparer.Ordinal));
            place = (string)client.Events("frame")[^1]["frame"]!["position"]!;
            await gateway.KillAsync();
            await client.EventAsync("closed");
        }

        await gateway.StartAgainAsync();
        using var again = new Rest(gateway);
        await PublishAsync(again, "sockets", 5, 3);
        await using ScriptedClient resumed = ScriptedClient.Node("socket-client.js", new { url = Url(gateway, "sockets?position=" + Uri.EscapeDataString(place)), credit = new[] { 3, 1 } });
        await resumed.EventAsync("portion");
        Assert.Equal(["m5", "m6", "m7"], Bodies(resumed).Order(StringComparer.Ordinal));
        await resumed.CloseAsync();
    }

    [FactWhen(Needs.MqttJs)]
    public async Task What_a_socket_of_a_group_did_not_settle_comes_again_to_another_one()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);
        await PublishAsync(rest, "shared", 0, 4);
        await using (ScriptedClient silent = ScriptedClient.Node("socket-client.js", new { url = Url(gateway, "shared?group=workers"), credit = new[] { 4 } }))
        {
            await silent.EventAsync("portion");
            Assert.Equal(4, Bodies(silent).Count);
            await silent.KillAsync();
        }

        await using ScriptedClient other = ScriptedClient.Node("socket-client.js", new { url = Url(gateway, "shared?group=workers"), credit = new[] { 4, 4 }, settle = "ack" });
        await other.EventAsync("portion");
        Assert.Equal(["m0", "m1", "m2", "m3"], Bodies(other).Order(StringComparer.Ordinal));
        await Eventually.True(() => other.Events("frame").Count(static frame => (string?)frame["type"] == "settled") == 4, "all four are settled");
        Assert.All(
            other.Events("frame").Where(static frame => (string?)frame["type"] == "settled"),
            static frame => Assert.True((bool)frame["frame"]!["results"]![0]!["settled"]!));
        await other.CloseAsync();
        Assert.Empty(await rest.ReceiveAsync("shared", "workers", "wait=500ms"));
    }

    private static async Task<JsonObject> HookAsync(Rest rest, ScriptedClient receiver, int attempts)
    {
        JsonObject listening = await receiver.EventAsync("listening");
        using HttpResponseMessage made = await rest.Client.PostAsJsonAsync(
            new Uri("v1/webhooks", UriKind.Relative), new { url = $"http://127.0.0.1:{listening["port"]}/hook", topic = "hooked", secret = Secret, maxAttempts = attempts });
        string text = await made.Content.ReadAsStringAsync();
        Assert.True(made.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static async Task PublishAsync(Rest rest, string topic, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await rest.PublishAsync(topic, "tag=t", $"m{i}");
        }
    }

    private static string Url(GatewayProcess gateway, string rest) => $"ws://127.0.0.1:{gateway.Ports.Http}/v1/topics/{rest.Replace("?", "/socket?", StringComparison.Ordinal)}";

    private static List<string> Bodies(ScriptedClient client)
        => [.. client.Events("frame").Where(static frame => (string?)frame["type"] == "deliver").Select(static frame => (string)frame["frame"]!["message"]!["body"]!)];

    private static List<int> Attempts(IReadOnlyList<JsonObject> requests, string text)
        => [.. requests.Where(request => (string?)request["body"] == text).Select(static request => (int)request["attempt"]!)];
}
