using System.Net;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>Transactions and request-reply over HTTP at a gateway in front of the broker of another process.</summary>
public sealed class InFrontOfACluster
{
    private const string Quick = """{ "broker": { "transactionTimeout": "00:00:01", "transactionCheckInterval": "00:00:00.500" } }""";

    [Fact]
    public async Task Transactions_are_committed_rolled_back_and_asked_about_also_after_a_kill_of_the_gateway()
    {
        using var data = new TempDirectory("front");
        await using GatewayProcess cluster = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = Quick });
        await using GatewayProcess front = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = cluster.NameServer, Data = data.Path, Ports = GatewayPorts.Free() });
        JsonObject open;
        using (var rest = new Rest(front))
        {
            JsonObject kept = await BeginAsync(rest, "kept");
            JsonObject dropped = await BeginAsync(rest, "dropped");
            Assert.Equal(HttpStatusCode.NoContent, await EndAsync(rest, kept, "commit"));
            Assert.Equal(HttpStatusCode.NoContent, await EndAsync(rest, dropped, "rollback"));
            Assert.Equal(HttpStatusCode.NoContent, await EndAsync(rest, dropped, "rollback"));
            Assert.Equal(HttpStatusCode.Conflict, await EndAsync(rest, dropped, "commit"));
            open = await BeginAsync(rest, "left open");
        }

        await front.KillAsync();
        await front.StartAgainAsync();
        using var again = new Rest(front);
        string asked = await again.Client.GetStringAsync(new Uri("v1/transactions?group=shop&wait=20s", UriKind.Relative));
        JsonObject question = Assert.Single(JsonNode.Parse(asked)!["items"]!.AsArray())!.AsObject();
        Assert.Equal(((string?)open["key"], "left open"), ((string?)question["key"], (string?)question["message"]!["body"]));
        Assert.Equal(HttpStatusCode.NoContent, await EndAsync(again, question, "commit"));

        using var near = new Rest(cluster);
        IReadOnlyList<JsonObject> taken = await near.TakeAsync("orders", "readers", 2);
        Assert.Equal(["kept", "left open"], taken.Select(static message => (string)message["body"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Requests_are_replied_to_from_either_side()
    {
        await using GatewayProcess cluster = await GatewayProcess.StartAsync();
        await using GatewayProcess front = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = cluster.NameServer });
        using var near = new Rest(cluster);
        using var far = new Rest(front);

        Assert.Equal("noon", await AskAsync(far, near, "time"));
        Assert.Equal("noon", await AskAsync(near, far, "hour"));
        Assert.Equal("noon", await AskAsync(far, far, "day"));
        using HttpResponseMessage alone = await far.Client.PostAsync(new Uri("v1/topics/time/request?timeout=300ms", UriKind.Relative), new StringContent("anyone?"));
        Assert.Equal(HttpStatusCode.GatewayTimeout, alone.StatusCode);
    }

    private static async Task<string?> AskAsync(Rest asking, Rest answering, string topic)
    {
        Task<HttpResponseMessage> asked = asking.Client.PostAsync(new Uri($"v1/topics/{topic}/request?timeout=30s", UriKind.Relative), new StringContent("time?"));
        JsonObject request = Assert.Single(await answering.TakeAsync(topic, topic + "-answerers", 1));
        using HttpResponseMessage replied = await answering.Client.PostAsync(new Uri($"v1/replies/{request["replyTo"]}", UriKind.Relative), new StringContent("noon"));
        Assert.True(replied.StatusCode == HttpStatusCode.NoContent, await replied.Content.ReadAsStringAsync());
        using HttpResponseMessage answer = await asked;
        return (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["body"];
    }

    private static async Task<JsonObject> BeginAsync(Rest rest, string body)
    {
        using HttpResponseMessage answer = await rest.Client.PostAsync(new Uri("v1/topics/orders/transactions?group=shop", UriKind.Relative), new StringContent(body));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static async Task<HttpStatusCode> EndAsync(Rest rest, JsonObject transaction, string how)
    {
        using HttpResponseMessage answer = await rest.Client.PostAsync(new Uri($"v1/transactions/{transaction["transactionId"]}/{how}", UriKind.Relative), null);
        return answer.StatusCode;
    }
}
