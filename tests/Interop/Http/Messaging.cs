using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>What the REST interface promises of messages, at the real process: through kills, with RocketMQ's clients, with many clients.</summary>
public sealed class Messaging
{
    private const string Quick = """
        { "broker": { "transactionTimeout": "00:00:01", "transactionCheckInterval": "00:00:00.500" }, "http": { "webhookPrivateAddresses": true } }
        """;

    [Fact]
    public async Task A_publish_that_is_repeated_after_a_kill_is_not_stored_twice()
    {
        using var data = new TempDirectory("idempotent");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        using var rest = new Rest(gateway);
        JsonObject now = await OnceAsync(rest, "k-1", "pay 7", string.Empty);
        JsonObject later = await OnceAsync(rest, "k-2", "pay 8", "?delay=1h");
        await gateway.KillAsync();
        await gateway.StartAgainAsync();

        using var again = new Rest(gateway);
        JsonObject repeated = await OnceAsync(again, "k-1", "pay 7", string.Empty);
        JsonObject repeatedLater = await OnceAsync(again, "k-2", "pay 8", "?delay=1h");

        Assert.Equal((string?)now["messageId"], (string?)repeated["messageId"]);
        Assert.Equal((string?)later["messageId"], (string?)repeatedLater["messageId"]);
        Assert.Equal(["pay 7"], await BodiesAsync(again, "payments"));
    }

    [Fact]
    public async Task A_request_of_HTTP_is_replied_to_by_a_RocketMQ_client_and_the_other_way_round()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);
        await using var producer = new Producer(new ProducerOptions { Group = "p_req", Client = new ClientOptions { NameServers = gateway.NameServer } });
        await producer.StartAsync();
        await rest.PublishAsync("native", "tag=warm", "warm");
        await using var consumer = new PushConsumer(
            new PushConsumerOptions { Group = "g_native", Client = new ClientOptions { NameServers = gateway.NameServer }, From = ConsumeFrom.First },
            async (message, token) =>
            {
                await producer.ReplyAsync(message, Encoding.UTF8.GetBytes("re: " + Encoding.UTF8.GetString(message.Body.Span)), token);
                return ConsumeResult.Success;
            });
        consumer.Subscribe("native", "ask");
        await consumer.StartAsync();

        using HttpResponseMessage answer = await rest.Client.PostAsync(new Uri("v1/topics/native/request?tag=ask&timeout=20s", UriKind.Relative), new StringContent("price?"));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("re: price?", (string?)JsonNode.Parse(text)!["body"]);

        Task<ReceivedMessage> asked = producer.RequestAsync(new Message("web", Encoding.UTF8.GetBytes("weather?")), TimeSpan.FromSeconds(20)).AsTask();
        JsonObject request = Assert.Single(await rest.ReceiveAsync("web", "g_web", "wait=20s"));
        using HttpResponseMessage replied = await rest.Client.PostAsync(new Uri($"v1/replies/{request["replyTo"]}", UriKind.Relative), new StringContent("rain"));
        Assert.Equal(HttpStatusCode.NoContent, replied.StatusCode);
        Assert.Equal("rain", Encoding.UTF8.GetString((await asked).Body.Span));

        using HttpResponseMessage nobody = await rest.Client.PostAsync(new Uri($"v1/replies/{request["replyTo"]}", UriKind.Relative), new StringContent("late"));
        Assert.True(nobody.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NoContent, $"{nobody.StatusCode}");
        using HttpResponseMessage alone = await rest.Client.PostAsync(new Uri("v1/topics/unheard/request?timeout=300ms", UriKind.Relative), new StringContent("anyone?"));
        Assert.Equal(HttpStatusCode.GatewayTimeout, alone.StatusCode);
    }

    [Fact]
    public async Task A_request_of_HTTP_is_replied_to_over_HTTP()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);

        Task<HttpResponseMessage> asked = rest.Client.PostAsync(new Uri("v1/topics/web/request?timeout=20s", UriKind.Relative), new StringContent("time?"));
        JsonObject request = Assert.Single(await rest.ReceiveAsync("web", "g", "wait=20s"));
        using HttpResponseMessage replied = await rest.Client.PostAsync(new Uri($"v1/replies/{request["replyTo"]}", UriKind.Relative), new StringContent("noon"));

        Assert.Equal(HttpStatusCode.NoContent, replied.StatusCode);
        using HttpResponseMessage answer = await asked;
        Assert.Equal("noon", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["body"]);
    }

    [Fact]
    public async Task Transactions_are_committed_rolled_back_and_asked_about_also_after_a_kill()
    {
        using var data = new TempDirectory("http-transactions");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free(), Configuration = Quick });
        JsonObject open;
        using (var rest = new Rest(gateway))
        {
            JsonObject kept = await BeginAsync(rest, "kept");
            JsonObject dropped = await BeginAsync(rest, "dropped");
            Assert.Equal(HttpStatusCode.NoContent, await EndAsync(rest, (string)kept["transactionId"]!, "commit"));
            Assert.Equal(HttpStatusCode.NoContent, await EndAsync(rest, (string)dropped["transactionId"]!, "rollback"));
            Assert.Equal(HttpStatusCode.Conflict, await EndAsync(rest, (string)dropped["transactionId"]!, "commit"));
            open = await BeginAsync(rest, "left open");
        }

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        using var again = new Rest(gateway);
        JsonObject asked = JsonNode.Parse(await again.Client.GetStringAsync(new Uri("v1/transactions?group=orders&wait=20s", UriKind.Relative)))!.AsObject();
        JsonNode question = Assert.Single(asked["items"]!.AsArray())!;
        Assert.Equal(((string?)open["key"], "left open"), ((string?)question["key"], (string?)question["message"]!["body"]));
        Assert.Equal(HttpStatusCode.NoContent, await EndAsync(again, (string)question["transactionId"]!, "commit"));
        Assert.Equal(HttpStatusCode.NoContent, await EndAsync(again, (string)open["transactionId"]!, "commit"));

        await Eventually.TrueAsync(async () => (await BodiesAsync(again, "orders")).Count == 2, "both committed messages are there");
        Assert.Equal(["kept", "left open"], (await BodiesAsync(again, "orders")).Order(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, await EndAsync(again, "nonsense", "commit"));
    }

    [FactWhen(Needs.Curl)]
    public async Task An_event_client_that_was_killed_resumes_and_misses_nothing()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);
        await rest.PublishAsync("resumed", "tag=t", "before");
        string place;
        await using (ChildProcess curl = ChildProcess.Start("curl", ["-sSN", $"{gateway.Http}v1/topics/resumed/stream"]))
        {
            await curl.LineAsync(line => line.StartsWith("id:", StringComparison.Ordinal), "the place where it begins");
            await rest.PublishAsync("resumed", "tag=t", "seen");
            await curl.LineAsync(line => line.Contains("\"seen\"", StringComparison.Ordinal), "the event");
            place = curl.Lines.Last(line => line.StartsWith("id: ", StringComparison.Ordinal))[4..];
            curl.Kill();
        }

        for (int i = 0; i < 200; i++)
        {
            await rest.PublishAsync("resumed", "tag=t", $"m{i}");
        }

        await using ChildProcess again = ChildProcess.Start("curl", ["-sSN", "-H", $"Last-Event-ID: {place}", $"{gateway.Http}v1/topics/resumed/stream"]);
        IReadOnlyList<string> events = await again.LinesAsync(200, line => line.StartsWith("data:", StringComparison.Ordinal), "200 events");
        Assert.Equal(
            Enumerable.Range(0, 200).Select(i => $"m{i}").Order(StringComparer.Ordinal),
            events.Select(line => (string)JsonNode.Parse(line[5..])!["body"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_thousand_event_clients_are_held_and_each_gets_every_message()
    {
        const int Clients = 1000;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients }) { BaseAddress = gateway.Http, Timeout = Timeout.InfiniteTimeSpan };
        var readers = new List<StreamReader>();
        for (int i = 0; i < Clients; i++)
        {
            HttpResponseMessage response = await client.GetAsync(new Uri("v1/topics/crowd/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            readers.Add(new StreamReader(await response.Content.ReadAsStreamAsync()));
            await UntilAsync(readers[^1], "id: ");
        }

        await rest.PublishAsync("crowd", "tag=t", "one");
        await rest.PublishAsync("crowd", "tag=t", "two");

        await Task.WhenAll(readers.Select(reader => UntilAsync(reader, "\"one\"", "\"two\"")));
        readers.ForEach(reader => reader.Dispose());
        Assert.Empty(gateway.Failures);
    }

    private static async Task UntilAsync(StreamReader reader, params string[] wanted)
    {
        HashSet<string> left = [.. wanted];
        while (left.Count > 0)
        {
            string? line = await reader.ReadLineAsync().Within($"an event with {string.Join(", ", left)}", TimeSpan.FromSeconds(60));
            Assert.NotNull(line);
            left.RemoveWhere(text => line.Contains(text, StringComparison.Ordinal));
        }
    }

    private static async Task<JsonObject> OnceAsync(Rest rest, string key, string body, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/topics/payments/messages" + query) { Content = new StringContent(body) };
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await rest.Client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static async Task<List<string>> BodiesAsync(Rest rest, string topic)
    {
        using HttpResponseMessage answer = await rest.Client.GetAsync(new Uri($"v1/topics/{topic}/messages?limit=100", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.NotFound
            ? []
            : [.. JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["items"]!.AsArray().Select(item => (string)item!["body"]!)];
    }

    private static async Task<JsonObject> BeginAsync(Rest rest, string body)
    {
        using HttpResponseMessage answer = await rest.Client.PostAsync(new Uri("v1/topics/orders/transactions?group=orders", UriKind.Relative), new StringContent(body));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static async Task<HttpStatusCode> EndAsync(Rest rest, string id, string how)
    {
        using HttpResponseMessage answer = await rest.Client.PostAsync(new Uri($"v1/transactions/{id}/{how}", UriKind.Relative), null);
        return answer.StatusCode;
    }
}
