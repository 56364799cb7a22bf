using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>REST, Swagger, health and metrics of the real process.</summary>
public sealed class RestInterface(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [FactWhen(Needs.Curl, Needs.Mosquitto)]
    public async Task Devices_receive_what_curl_posts()
    {
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "curl/+/temp", "-q", "1");
        await using ChildProcess curl = ChildProcess.Start(
            "curl", ["-sS", "-X", "POST", $"{_gateway.Http}v1/topics/curl/messages?tag=kitchen/temp", "--data-binary", "21.5"]);

        Assert.Equal(0, await curl.ExitAsync());

        JsonObject answer = JsonNode.Parse(await curl.LineAsync(line => line.StartsWith('{'), "JSON"))!.AsObject();
        Assert.False(string.IsNullOrEmpty((string?)answer["messageId"]));
        Assert.True((long)answer["offset"]! >= 0 && (int)answer["queueId"]! >= 0);
        Assert.Equal("curl/kitchen/temp", (await device.MessageAsync("21.5")).Topic);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_group_receives_what_a_device_published_and_an_acknowledgement_removes_it()
    {
        using var rest = new Rest(_gateway);
        await Clients.Mosquitto.PublishAsync(_gateway, "acked/kitchen/temp", "21.5", "-q", "1", "-V", "5", "-D", "publish", "user-property", "unit", "celsius");

        IReadOnlyList<JsonObject> messages = await rest.ReceiveAsync("acked", "g1", "max=10&wait=10s");
        JsonObject message = Assert.Single(messages);
        Assert.Equal("21.5", (string?)message["body"]);
        Assert.Equal("kitchen/temp", (string?)message["tag"]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);

        await rest.AcknowledgeAsync((string)message["receipt"]!);
        Assert.Empty(await rest.ReceiveAsync("acked", "g1", "max=10&wait=2s"));
    }

    [Fact]
    public async Task A_message_that_is_not_acknowledged_comes_again()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("again", "tag=t", "once more");

        JsonObject first = Assert.Single(await rest.ReceiveAsync("again", "g1", "max=10&wait=10s&lease=1s"));
        JsonObject second = Assert.Single(await rest.ReceiveAsync("again", "g1", "max=10&wait=30s&lease=10s"));

        Assert.Equal("once more", (string?)second["body"]);
        Assert.True((int)second["attempt"]! > (int)first["attempt"]!, $"{first} {second}");
        await rest.AcknowledgeAsync((string)second["receipt"]!);
    }

    [Fact]
    public async Task Two_groups_each_receive_everything_and_members_of_one_share_it()
    {
        using var rest = new Rest(_gateway);
        for (int i = 0; i < 40; i++)
        {
            await rest.PublishAsync("groups", $"key={i}", $"{i}");
        }

        IReadOnlyList<JsonObject>[] taken = await Task.WhenAll(
            rest.TakeAsync("groups", "all", 40), TakeSomeAsync("groups", "shared", 20), TakeSomeAsync("groups", "shared", 20));

        string[] everything = [.. Enumerable.Range(0, 40).Select(i => $"{i}").Order(StringComparer.Ordinal)];
        Assert.Equal(everything, Bodies(taken[0]));
        Assert.Equal(everything, Bodies([.. taken[1], .. taken[2]]));
    }

    [Fact]
    public async Task The_event_stream_gives_messages_as_they_come()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("events", "tag=t", "before");
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/topics/events/stream");
        using HttpResponseMessage response = await rest.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());

        await rest.PublishAsync("events", "tag=t", "after");

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string? line;
        do
        {
            line = await lines.ReadLineAsync(limit.Token);
        }
        while (line is not null && !line.Contains("after", StringComparison.Ordinal));
        Assert.NotNull(line);
    }

    [Fact]
    public async Task The_OpenAPI_document_names_the_operations()
    {
        using var rest = new Rest(_gateway);

        using JsonDocument document = JsonDocument.Parse(await rest.Client.GetStringAsync(new Uri("swagger/v1/swagger.json", UriKind.Relative)));

        JsonElement paths = document.RootElement.GetProperty("paths");
        Assert.Contains("/v1/topics/{topic}/messages", paths.EnumerateObject().Select(path => path.Name));
        Assert.Contains("/v1/topics/{topic}/groups/{group}/receive", paths.EnumerateObject().Select(path => path.Name));
        Assert.Contains("/v1/receipts/ack", paths.EnumerateObject().Select(path => path.Name));
    }

    [Fact]
    public async Task The_page_of_Swagger_loads_with_its_scripts()
    {
        using var rest = new Rest(_gateway);

        string page = await rest.Client.GetStringAsync(new Uri("swagger/index.html", UriKind.Relative));

        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        foreach (string script in new[] { "swagger-ui-bundle.js", "swagger-ui.css" })
        {
            using HttpResponseMessage response = await rest.Client.GetAsync(new Uri($"swagger/{script}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("healthz")]
    [InlineData("readyz")]
    public async Task Health_is_good(string path)
    {
        using var rest = new Rest(_gateway);

        using HttpResponseMessage response = await rest.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_Prometheus_text()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("metered", "tag=t", "x");

        using HttpResponseMessage response = await rest.Client.GetAsync(new Uri("metrics", UriKind.Relative));
        string text = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("# TYPE", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'),
            line => Assert.Matches(@"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? \S+( \d+)?$", line));
    }

    private static IEnumerable<string> Bodies(IReadOnlyList<JsonObject> messages)
        => messages.Select(message => (string)message["body"]!).Order(StringComparer.Ordinal);

    private async Task<IReadOnlyList<JsonObject>> TakeSomeAsync(string topic, string group, int count)
    {
        using var rest = new Rest(_gateway);
        List<JsonObject> taken = [];
        while (taken.Count < count)
        {
            IReadOnlyList<JsonObject> messages = await rest.ReceiveAsync(topic, group, $"max={count - taken.Count}&wait=10s");
            Assert.NotEmpty(messages);
            await rest.AcknowledgeAsync([.. messages.Select(message => (string)message["receipt"]!)]);
            taken.AddRange(messages);
        }

        return taken;
    }
}
