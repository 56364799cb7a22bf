using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>The HTTP front on a free port over a bridge in memory, with a clock that the test moves.</summary>
internal sealed class HttpFrontHost : IAsyncDisposable
{
    private readonly GatewayHost _host;

    private HttpFrontHost(GatewayHost host, FakeBridge bridge, ManualClock clock)
    {
        _host = host;
        Bridge = bridge;
        Clock = clock;
        Client = new HttpClient { BaseAddress = host.Endpoints.HttpAddress };
    }

    public FakeBridge Bridge { get; }

    public ManualClock Clock { get; }

    public HttpClient Client { get; }

    public IPEndPoint EndPoint => _host.Endpoints.Http!;

    /// <summary>Starts one; settings are those of the http section.</summary>
    public static async Task<HttpFrontHost> StartAsync(FakeBridge? bridge = null, params (string Key, string Value)[] settings)
    {
        var clock = new ManualClock();
        bridge ??= new FakeBridge(clock);
        GatewayHost host = await GatewayHost.StartAsync(
            new GatewayOptions { MqttPort = GatewayOptions.Off, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off, HttpPort = GatewayOptions.Any },
            new GatewaySetup
            {
                Bridge = bridge,
                Clock = clock,
                Log = NullLoggerProvider.Instance,
                // Alarms have a timer of their own, and tests count those that are armed.
                Configuration = new ConfigurationBuilder()
                    .AddInMemoryCollection([KeyValuePair.Create("http:alarmInterval", (string?)"00:00:00")])
                    .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("http:" + setting.Key, (string?)setting.Value)))
                    .Build(),
            });
        return new HttpFrontHost(host, bridge, clock);
    }

    /// <summary>A POST; the answer, whatever it is.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string body, string? contentType = null)
        => PostAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? contentType = null)
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null)
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        return Client.PostAsync(new Uri(path, UriKind.Relative), content).Within("the answer to POST " + path);
    }

    public Task<HttpResponseMessage> GetAsync(string path)
        => Client.GetAsync(new Uri(path, UriKind.Relative)).Within("the answer to GET " + path);

    /// <summary>A GET that succeeds, as JSON.</summary>
    public async Task<JsonNode> GetJsonAsync(string path)
    {
        using HttpResponseMessage answer = await GetAsync(path);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"GET {path} answered {(int)answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Any request, with JSON when it has a body.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);

        return await Client.SendAsync(request).Within($"the answer to {method} {path}");
    }

    /// <summary>Publishes a message of that tag.</summary>
    public async Task PublishAsync(string topic, string body, string tag = "t")
        => Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/v1/topics/{topic}/messages?tag={tag}", body)).StatusCode);

    /// <summary>Receives, and answers the messages.</summary>
    public async Task<JsonArray> ReceiveAsync(string topic, string group, string query = "?max=10")
    {
        using HttpResponseMessage answer = await PostAsync($"/v1/topics/{topic}/groups/{group}/receive{query}", string.Empty);
        JsonNode json = await JsonAsync(answer);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return json["messages"]!.AsArray();
    }

    /// <summary>Settles receipts; the results.</summary>
    public async Task<JsonArray> SettleAsync(string how, IEnumerable<string> receipts, string more = "")
    {
        string list = string.Join(',', receipts.Select(receipt => $"\"{receipt}\""));
        using HttpResponseMessage answer = await PostAsync("/v1/receipts/" + how, $"{{\"receipts\":[{list}]{more}}}", "application/json");
        return (await JsonAsync(answer))["results"]!.AsArray();
    }

    public static async Task<JsonNode> JsonAsync(HttpResponseMessage answer)
        => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    /// <summary>Asserts that the answer is a problem of that name, and returns it.</summary>
    public static async Task<JsonNode> AssertProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string name)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{(int)status} was expected, came {(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        JsonNode problem = JsonNode.Parse(text)!;
        Assert.Equal("urn:protobridge:problem:" + name, (string?)problem["type"]);
        Assert.Equal((int)status, (int?)problem["status"]);
        Assert.False(string.IsNullOrEmpty((string?)problem["title"]));
        Assert.False(string.IsNullOrEmpty((string?)problem["detail"]));
        return problem;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
        await Bridge.DisposeAsync();
    }
}
