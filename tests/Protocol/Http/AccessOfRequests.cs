using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Access.Users;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>The same users and rules for HTTP: who sent a request, and whether it may publish, consume or manage.</summary>
public sealed class AccessOfRequests : IAsyncLifetime, IDisposable
{
    private readonly AccessKit _kit = new AccessKit().WithUsers(("ada", "one", []), ("root", "top", ["ops"])).WithRules("""
        { "rules": [
          { "allow": ["publish", "subscribe", "manage"], "groups": ["ops"] },
          { "deny": ["subscribe"], "topics": ["mixed/secret/#"] },
          { "allow": ["publish"], "topics": ["sensors/%u/#"] },
          { "allow": ["subscribe"], "topics": ["sensors/#", "mixed/#"] } ] }
        """);

    private readonly string _key;
    private readonly ManualClock _clock = new();
    private FakeBridge? _bridge;
    private GatewayHost? _host;
    private HttpClient? _client;

    public AccessOfRequests()
    {
        (_key, ApiKey key) = ApiKey.Create("test");
        IReadOnlyList<User> users = UserFile.Parse(_kit.Options.UsersFile, File.ReadAllBytes(_kit.Options.UsersFile), 10);
        UserFile.Write(_kit.Options.UsersFile, [.. users, new User("robot", null, ["ops"], [key])]);
    }

    private HttpClient Client => _client ?? throw new InvalidOperationException("The gateway was not started.");

    public async Task InitializeAsync()
    {
        _bridge = new FakeBridge(_clock);
        _host = await GatewayHost.StartAsync(
            new GatewayOptions { MqttPort = GatewayOptions.Off, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off, HttpPort = GatewayOptions.Any },
            new GatewaySetup
            {
                Bridge = _bridge,
                Clock = _clock,
                Log = NullLoggerProvider.Instance,
                Configuration = new ConfigurationBuilder().AddInMemoryCollection([new("access:usersFile", _kit.Options.UsersFile), new("access:rulesFile", _kit.Options.RulesFile)]).Build(),
            });
        _client = new HttpClient { BaseAddress = _host.Endpoints.HttpAddress };
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _host!.DisposeAsync();
        await _bridge!.DisposeAsync();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _kit.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic YWRhOnR3bw==")]
    [InlineData("Basic !!!")]
    [InlineData("Basic YWRh")]
    [InlineData("Bearer pbk_nobody")]
    [InlineData("Bearer ey.ey.ey")]
    [InlineData("Digest x")]
    public async Task A_request_that_does_not_say_who_sent_it_is_challenged(string? authorization)
    {
        using HttpResponseMessage publish = await SendAsync(HttpMethod.Post, "/v1/topics/sensors/messages?tag=ada/x", authorization, "x");
        using HttpResponseMessage list = await SendAsync(HttpMethod.Get, "/v1/topics", authorization);

        await HttpFrontHost.AssertProblemAsync(publish, HttpStatusCode.Unauthorized, "unauthorized");
        await HttpFrontHost.AssertProblemAsync(list, HttpStatusCode.Unauthorized, "unauthorized");
        Assert.Equal(["Basic", "Bearer"], publish.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
    }

    [Fact]
    public async Task Publishing_is_judged_by_the_MQTT_name_of_topic_and_tag()
    {
        using HttpResponseMessage own = await SendAsync(HttpMethod.Post, "/v1/topics/sensors/messages?tag=ada/temp", Basic("ada", "one"), "x");
        using HttpResponseMessage others = await SendAsync(HttpMethod.Post, "/v1/topics/sensors/messages?tag=bob/temp", Basic("ada", "one"), "x");
        using HttpResponseMessage batch = await SendAsync(HttpMethod.Post, "/v1/topics/sensors/messages", Basic("ada", "one"), """[ { "body": "1", "tag": "ada/x" }, { "body": "2", "tag": "bob/x" } ]""", "application/vnd.protobridge+json");

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        await HttpFrontHost.AssertProblemAsync(others, HttpStatusCode.Forbidden, "forbidden");
        await HttpFrontHost.AssertProblemAsync(batch, HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Consuming_needs_all_that_is_asked_for()
    {
        using HttpResponseMessage all = await SendAsync(HttpMethod.Post, "/v1/topics/sensors/groups/g/receive", Basic("ada", "one"), "");
        using HttpResponseMessage mixed = await SendAsync(HttpMethod.Post, "/v1/topics/mixed/groups/g/receive", Basic("ada", "one"), "");
        using HttpResponseMessage part = await SendAsync(HttpMethod.Post, "/v1/topics/mixed/groups/g2/receive?filter=plain/x", Basic("ada", "one"), "");
        using HttpResponseMessage secret = await SendAsync(HttpMethod.Post, "/v1/topics/mixed/groups/g3/receive?filter=secret/x", Basic("ada", "one"), "");
        using HttpResponseMessage stream = await SendAsync(HttpMethod.Get, "/v1/topics/mixed/stream", Basic("ada", "one"));

        Assert.Equal(HttpStatusCode.OK, all.StatusCode);
        Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        await HttpFrontHost.AssertProblemAsync(mixed, HttpStatusCode.Forbidden, "forbidden");
        await HttpFrontHost.AssertProblemAsync(secret, HttpStatusCode.Forbidden, "forbidden");
        await HttpFrontHost.AssertProblemAsync(stream, HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_receipt_is_worth_nothing_to_who_may_not_consume_its_topic()
    {
        using HttpResponseMessage published = await SendAsync(HttpMethod.Post, "/v1/topics/closed/messages", Basic("root", "top"), "x");
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        using HttpResponseMessage received = await SendAsync(HttpMethod.Post, "/v1/topics/closed/groups/g/receive?max=1", Basic("root", "top"), "");
        string receipt = (string)(await HttpFrontHost.JsonAsync(received))["messages"]![0]!["receipt"]!;

        using HttpResponseMessage stranger = await SendAsync(HttpMethod.Post, "/v1/receipts/ack", Basic("ada", "one"), $$"""{ "receipts": ["{{receipt}}"] }""", "application/json");
        using HttpResponseMessage owner = await SendAsync(HttpMethod.Post, "/v1/receipts/ack", Basic("root", "top"), $$"""{ "receipts": ["{{receipt}}"] }""", "application/json");

        JsonNode refused = (await HttpFrontHost.JsonAsync(stranger))["results"]![0]!;
        Assert.Equal("urn:protobridge:problem:forbidden", (string?)refused["error"]!["type"]);
        Assert.Equal(HttpStatusCode.OK, owner.StatusCode);
    }

    [Fact]
    public async Task Managing_and_metrics_need_a_right_of_their_own()
    {
        using HttpResponseMessage list = await SendAsync(HttpMethod.Get, "/v1/topics", Basic("ada", "one"));
        using HttpResponseMessage metrics = await SendAsync(HttpMethod.Get, "/metrics", Basic("ada", "one"));
        using HttpResponseMessage byKey = await SendAsync(HttpMethod.Get, "/v1/topics", "Bearer " + _key);
        using HttpResponseMessage metricsByKey = await SendAsync(HttpMethod.Get, "/metrics", "Bearer " + _key);
        using HttpResponseMessage health = await SendAsync(HttpMethod.Get, "/healthz", null);

        await HttpFrontHost.AssertProblemAsync(list, HttpStatusCode.Forbidden, "forbidden");
        await HttpFrontHost.AssertProblemAsync(metrics, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal(HttpStatusCode.OK, byKey.StatusCode);
        Assert.Equal(HttpStatusCode.OK, metricsByKey.StatusCode);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/overview")]
    [InlineData("GET", "/v1/live")]
    [InlineData("GET", "/v1/clients")]
    [InlineData("GET", "/v1/groups")]
    [InlineData("GET", "/v1/groups/g/lag")]
    [InlineData("GET", "/v1/groups/g/dead-letters")]
    [InlineData("GET", "/v1/messages/x")]
    [InlineData("GET", "/v1/sessions")]
    [InlineData("GET", "/v1/retained")]
    [InlineData("GET", "/v1/mapping")]
    [InlineData("GET", "/v1/configuration")]
    [InlineData("GET", "/v1/refusals")]
    [InlineData("DELETE", "/v1/topics/sensors")]
    [InlineData("DELETE", "/v1/groups/g")]
    [InlineData("DELETE", "/v1/clients/http/x")]
    [InlineData("DELETE", "/v1/sessions/x")]
    [InlineData("DELETE", "/v1/retained?name=x")]
    [InlineData("PUT", "/v1/mapping")]
    [InlineData("POST", "/v1/groups/g/offsets/reset")]
    [InlineData("POST", "/v1/groups/g/dead-letters/resend")]
    public async Task Every_management_operation_needs_the_right_to_manage(string method, string path)
    {
        using HttpResponseMessage nobody = await SendAsync(new HttpMethod(method), path, null);
        using HttpResponseMessage user = await SendAsync(new HttpMethod(method), path, Basic("ada", "one"));

        await HttpFrontHost.AssertProblemAsync(nobody, HttpStatusCode.Unauthorized, "unauthorized");
        await HttpFrontHost.AssertProblemAsync(user, HttpStatusCode.Forbidden, "forbidden");
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? authorization, string? body = null, string? contentType = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (contentType is not null)
            request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return await Client.SendAsync(request).Within($"the answer to {method} {path}");
    }
}
