using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Gateway.Http.Webhooks;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Messages pushed to addresses of others.</summary>
public sealed class Webhooks
{
    private const string Secret = "a secret of some length";

    [Fact]
    public async Task A_message_is_pushed_signed_and_acknowledged()
    {
        await using var receiver = new Receiver();
        await using HttpFrontHost host = await StartAsync();
        JsonNode made = await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s","filter":"a","secret":"{{Secret}}"}""");
        Assert.Equal(Secret, (string?)made["secret"]);

        await host.PublishAsync("s", "x", "a");
        await host.PublishAsync("s", "other", "b");
        Pushed pushed = await receiver.NextAsync();

        JsonNode message = JsonNode.Parse(pushed.Body)!;
        Assert.Equal("x", (string?)message["body"]);
        Assert.Equal((string?)message["messageId"], pushed.Headers["webhook-id"]);
        Assert.Equal("1", pushed.Headers["webhook-attempt"]);
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{pushed.Headers["webhook-id"]}.{pushed.Headers["webhook-timestamp"]}.{pushed.Body}"));
        Assert.Equal("v1," + Convert.ToBase64String(expected), pushed.Headers["webhook-signature"]);
        string id = (string)made["id"]!;
        await Eventually.TrueAsync(async () => (long)(await GetAsync(host, "/v1/webhooks/" + id))["counts"]!["taken"]! == 1, "the webhook counted it");
        Assert.Null((await GetAsync(host, "/v1/webhooks/" + id))["secret"]);
    }

    [Fact]
    public async Task What_is_not_taken_comes_again_after_a_pause_and_is_a_dead_letter_after_the_last_attempt()
    {
        await using var receiver = new Receiver { Status = 500 };
        await using HttpFrontHost host = await StartAsync();
        JsonNode made = await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s","group":"g","maxAttempts":2}""");
        await host.PublishAsync("s", "x");

        await receiver.NextAsync();
        string id = (string)made["id"]!;
        await Eventually.TrueAsync(async () => (long)(await GetAsync(host, "/v1/webhooks/" + id))["counts"]!["failed"]! == 1, "the first try failed");
        // The pause begins with the settlement, which is a moment later.
        Task<Pushed> second = receiver.NextAsync();
        await Eventually.True(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                return second.IsCompleted;
            },
            "it came again");
        Assert.Equal("2", (await second).Headers["webhook-attempt"]);

        await Eventually.TrueAsync(async () => (await host.Bridge.Reader.ListQueuesAsync("%DLQ%g")).Sum(queue => queue.End) == 1, "it is a dead letter");
        Assert.Equal(1, (long)(await GetAsync(host, "/v1/webhooks/" + id))["counts"]!["deadLetters"]!);
    }

    [Fact]
    public async Task Webhooks_outlive_the_gateway()
    {
        await using var receiver = new Receiver();
        var log = new FakeLog();
        var clock = new ManualClock();
        string id;
        await using (HttpFrontHost host = await StartAsync(new FakeBridge(clock, log)))
            id = (string)(await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s"}"""))["id"]!;

        await using HttpFrontHost again = await StartAsync(new FakeBridge(clock, log));
        await again.PublishAsync("s", "after");

        Assert.Contains("after", (await receiver.NextAsync()).Body, StringComparison.Ordinal);
        Assert.Equal(id, (string?)Assert.Single((await GetAsync(again, "/v1/webhooks"))["items"]!.AsArray())!["id"]);
    }

    [Fact]
    public async Task A_webhook_is_changed_tested_and_removed()
    {
        await using var receiver = new Receiver();
        await using HttpFrontHost host = await StartAsync();
        string id = (string)(await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s"}"""))["id"]!;

        using HttpResponseMessage tested = await host.PostAsync($"/v1/webhooks/{id}/test", string.Empty);
        JsonNode result = await HttpFrontHost.JsonAsync(tested);
        Assert.Equal((true, 200), ((bool)result["taken"]!, (int)result["status"]!));
        Assert.Equal("""{"test":true}""", (await receiver.NextAsync()).Body);

        string off = $$"""{"url":"{{receiver.Url}}","topic":"s","enabled":false}""";
        using HttpResponseMessage stale = await PutAsync(host, id, off, "\"7\"");
        await HttpFrontHost.AssertProblemAsync(stale, HttpStatusCode.PreconditionFailed, "precondition-failed");
        using HttpResponseMessage changed = await PutAsync(host, id, off, "\"1\"");
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (changed.StatusCode, changed.Headers.ETag?.Tag));
        Assert.False((bool)(await HttpFrontHost.JsonAsync(changed))["enabled"]!);

        using HttpResponseMessage removed = await host.Client.DeleteAsync(new Uri("/v1/webhooks/" + id, UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        using HttpResponseMessage gone = await host.GetAsync("/v1/webhooks/" + id);
        await HttpFrontHost.AssertProblemAsync(gone, HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("""{"topic":"s"}""")]
    [InlineData("""{"url":"ftp://example.org/","topic":"s"}""")]
    [InlineData("""{"url":"file:///etc/passwd","topic":"s"}""")]
    [InlineData("""{"url":"http://user:word@example.org/","topic":"s"}""")]
    [InlineData("""{"url":"http://example.org/"}""")]
    [InlineData("""{"url":"http://example.org/","topic":"s","producerGroup":"g"}""")]
    [InlineData("""{"url":"http://example.org/","topic":"s","secret":"short"}""")]
    [InlineData("""{"url":"http://example.org/","topic":"s","maxAttempts":17}""")]
    [InlineData("""{"url":"http://example.org/","topic":"s","timeout":"2h"}""")]
    public async Task What_is_no_webhook_is_refused(string json)
    {
        await using HttpFrontHost host = await StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/webhooks", json, "application/json");

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
    }

    [Fact]
    public async Task Addresses_of_private_networks_are_not_gone_to_unless_allowed()
    {
        await using var receiver = new Receiver();
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        string id = (string)(await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s"}"""))["id"]!;

        using HttpResponseMessage tested = await host.PostAsync($"/v1/webhooks/{id}/test", string.Empty);

        JsonNode result = await HttpFrontHost.JsonAsync(tested);
        Assert.False((bool)result["taken"]!);
        Assert.Contains("private", (string?)result["error"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::1", false)]
    [InlineData("2606:4700::1111", true)]
    public void An_address_is_of_the_public_network_or_not(string address, bool isPublic)
        => Assert.Equal(isPublic, AddressPolicy.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task Redirects_are_not_followed()
    {
        await using var inside = new Receiver();
        await using var receiver = new Receiver { Status = 302, Location = inside.Url };
        await using HttpFrontHost host = await StartAsync();
        string id = (string)(await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s"}"""))["id"]!;

        using HttpResponseMessage tested = await host.PostAsync($"/v1/webhooks/{id}/test", string.Empty);

        Assert.Equal(302, (int)(await HttpFrontHost.JsonAsync(tested))["status"]!);
        Assert.Equal(0, inside.Count);
    }

    [Fact]
    public async Task Webhooks_over_the_limit_are_refused_and_too_large_messages_are_dead_letters()
    {
        await using var receiver = new Receiver();
        await using HttpFrontHost host = await StartAsync(null, ("maxWebhooks", "1"), ("webhookMaxBody", "1024"));
        await CreateAsync(host, $$"""{"url":"{{receiver.Url}}","topic":"s","group":"g"}""");

        using HttpResponseMessage second = await host.PostAsync("/v1/webhooks", $$"""{"url":"{{receiver.Url}}","topic":"s"}""", "application/json");
        await HttpFrontHost.AssertProblemAsync(second, HttpStatusCode.TooManyRequests, "busy");
        await host.PublishAsync("s", new string('x', 2000));

        await Eventually.TrueAsync(async () => (await host.Bridge.Reader.ListQueuesAsync("%DLQ%g")).Sum(queue => queue.End) == 1, "it is a dead letter");
        Assert.Equal(0, receiver.Count);
        string metrics = await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("\nprotobridge_http_webhooks 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("protobridge_http_webhook_requests_total{outcome=\"dead-letter\"} 1\n", metrics, StringComparison.Ordinal);
    }

    private static Task<HttpFrontHost> StartAsync(FakeBridge? bridge = null, params (string, string)[] settings)
        => HttpFrontHost.StartAsync(bridge, [("webhookPrivateAddresses", "true"), .. settings]);

    private static async Task<JsonNode> CreateAsync(HttpFrontHost host, string json)
    {
        using HttpResponseMessage answer = await host.PostAsync("/v1/webhooks", json, "application/json");
        JsonNode made = await HttpFrontHost.JsonAsync(answer);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, made.ToJsonString());
        Assert.Equal("/v1/webhooks/" + (string?)made["id"], answer.Headers.Location?.OriginalString);
        return made;
    }

    private static async Task<JsonNode> GetAsync(HttpFrontHost host, string path)
    {
        using HttpResponseMessage answer = await host.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await HttpFrontHost.JsonAsync(answer);
    }

    private static async Task<HttpResponseMessage> PutAsync(HttpFrontHost host, string id, string json, string match)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/webhooks/" + id) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("If-Match", match);
        return await host.Client.SendAsync(request);
    }

    private sealed record Pushed(Dictionary<string, string> Headers, string Body);

    /// <summary>A server that keeps what it gets, one request a connection.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<Pushed> _got = new();
        private readonly SemaphoreSlim _there = new(0);
        private readonly Task _serving;
        private int _count;

        public Receiver()
        {
            _listener.Start();
            _serving = ServeAsync();
        }

        public int Status { get; init; } = 200;

        public string? Location { get; init; }

        public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/hook";

        public int Count => Volatile.Read(ref _count);

        public async Task<Pushed> NextAsync()
        {
            await _there.WaitAsync().Within("a request to the webhook");
            Assert.True(_got.TryDequeue(out Pushed? pushed));
            return pushed;
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _listener.Dispose();
            _there.Dispose();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }

        private async Task AnswerAsync(NetworkStream stream)
        {
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await reader.ReadLineAsync();
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
                headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();

            char[] body = new char[int.Parse(headers["content-length"], CultureInfo.InvariantCulture)];
            await reader.ReadBlockAsync(body);
            string location = Location is null ? string.Empty : $"Location: {Location}\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status} Answer\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"));
            Interlocked.Increment(ref _count);
            _got.Enqueue(new Pushed(headers, new string(body)));
            _there.Release();
        }
    }
}
