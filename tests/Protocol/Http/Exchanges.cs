using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Request-reply and transactions: their limits, and what is refused. The real process shows the rest.</summary>
public sealed class Exchanges
{
    [Fact]
    public async Task A_request_waits_for_its_reply_and_one_over_the_limit_is_busy()
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(new FakeBridge(clock) { Exchanges = exchanges }, ("maxRequestsWaiting", "1"));
        Task<HttpResponseMessage> first = host.PostAsync("/v1/topics/s/request", "one?");
        await Eventually.True(() => exchanges.Waiting.Count == 1, "the request waits");

        using HttpResponseMessage second = await host.PostAsync("/v1/topics/s/request", "two?");
        await HttpFrontHost.AssertProblemAsync(second, HttpStatusCode.TooManyRequests, "busy");
        Assert.Contains("\nprotobridge_http_requests_waiting 1\n", await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        using HttpResponseMessage replied = await host.PostAsync("/v1/replies/" + ReplyToken.Write(new ReplyAddress("c", exchanges.Waiting.Single(), "x", "1")), "one!");
        Assert.Equal(HttpStatusCode.NoContent, replied.StatusCode);
        using HttpResponseMessage answer = await first;
        Assert.Equal("one!", (string?)(await HttpFrontHost.JsonAsync(answer))["body"]);
    }

    [Fact]
    public async Task A_request_without_a_reply_ends_with_its_time()
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(new FakeBridge(clock) { Exchanges = exchanges });
        Task<HttpResponseMessage> asked = host.PostAsync("/v1/topics/s/request?timeout=2s", "anyone?");
        await Eventually.True(() => exchanges.Waiting.Count == 1, "the request waits");

        clock.Advance(TimeSpan.FromSeconds(3));

        JsonNode problem = await HttpFrontHost.AssertProblemAsync(await asked, HttpStatusCode.GatewayTimeout, "timeout");
        Assert.True((bool)problem["mayHaveHappened"]!);
    }

    [Theory]
    [InlineData("/v1/topics/s/request?timeout=0s", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/request?timeout=2h", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/request?delay=5s", HttpStatusCode.BadRequest)]
    [InlineData("/v1/replies/nonsense", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/transactions", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/transactions?group=a/b", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/transactions?group=g&delay=5s", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/s/transactions?group=g&chekAfter=5s", HttpStatusCode.BadRequest)]
    [InlineData("/v1/topics/..%2Fetc/request", HttpStatusCode.BadRequest)]
    public async Task What_is_not_possible_is_refused(string path, HttpStatusCode status)
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(new FakeBridge(clock) { Exchanges = exchanges });

        using HttpResponseMessage answer = await host.PostAsync(path, "x");

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Brokers_that_cannot_do_it_are_said_to_be_such()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage request = await host.PostAsync("/v1/topics/s/request", "x");
        using HttpResponseMessage transaction = await host.PostAsync("/v1/topics/s/transactions?group=g", "x");

        await HttpFrontHost.AssertProblemAsync(request, HttpStatusCode.NotImplemented, "unsupported");
        await HttpFrontHost.AssertProblemAsync(transaction, HttpStatusCode.NotImplemented, "unsupported");
    }

    [Fact]
    public async Task Questions_are_kept_up_to_their_limit_and_gone_with_the_answer()
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(
            new FakeBridge(clock) { Exchanges = exchanges }, ("maxTransactionChecks", "2"), ("maxTransactionGroups", "1"), ("transactionGroupIdle", "00:10:00"));
        Assert.Empty(await AskedAsync(host, string.Empty));
        Assert.True(exchanges.Ask("g", "K1", "one") && exchanges.Ask("g", "K1", "one") && exchanges.Ask("g", "K2", "two") && exchanges.Ask("g", "K3", "three"));

        Assert.Equal(["K1", "K2"], (await AskedAsync(host, string.Empty)).Select(item => (string)item!["key"]!));
        using HttpResponseMessage ended = await host.PostAsync("/v1/transactions/K1.0/commit", string.Empty);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.True(exchanges.Ended["K1.0"]);
        Assert.Equal(["K2"], (await AskedAsync(host, string.Empty)).Select(item => (string)item!["key"]!));
        Assert.Contains("\nprotobridge_http_transaction_checks 1\n", await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);

        using HttpResponseMessage other = await host.GetAsync("/v1/transactions?group=other");
        await HttpFrontHost.AssertProblemAsync(other, HttpStatusCode.TooManyRequests, "busy");
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        await Eventually.True(() => exchanges.Groups.Count == 0, "the idle group is left");
    }

    [Fact]
    public async Task A_poll_for_questions_ends_with_the_first_one()
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(new FakeBridge(clock) { Exchanges = exchanges });
        Task<JsonArray> polled = AskedAsync(host, "&wait=60s");
        await Eventually.True(() => exchanges.Groups.Count == 1, "the group is joined");
        exchanges.Ask("g", "K1", "one");

        Assert.Equal("one", (string?)Assert.Single(await polled)!["message"]!["body"]);
    }

    [Fact]
    public async Task A_webhook_answers_for_the_transactions_of_its_group()
    {
        FakeExchanges exchanges = Make(out ManualClock clock);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(new FakeBridge(clock) { Exchanges = exchanges }, ("webhookPrivateAddresses", "true"));
        using HttpResponseMessage made = await host.PostAsync("/v1/webhooks", $$"""{"url":"http://127.0.0.1:{{((IPEndPoint)listener.LocalEndpoint).Port}}/","producerGroup":"g"}""", "application/json");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        Assert.True(exchanges.Ask("g", "K1", "one"));
        using TcpClient client = await listener.AcceptTcpClientAsync().Within("the question comes");
        await client.GetStream().ReadExactlyAsync(new byte[16]).AsTask().Within("its first bytes");
        const string Answer = """{"outcome":"rollback"}""";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Answer.Length}\r\n\r\n{Answer}"));

        await Eventually.True(() => exchanges.Ended.TryGetValue("K1.1", out bool committed) && !committed, "it is rolled back");
    }

    private static FakeExchanges Make(out ManualClock clock)
    {
        clock = new ManualClock();
        return new FakeExchanges(clock);
    }

    private static async Task<JsonArray> AskedAsync(HttpFrontHost host, string more)
    {
        using HttpResponseMessage answer = await host.GetAsync("/v1/transactions?group=g" + more);
        JsonNode json = await HttpFrontHost.JsonAsync(answer);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, json.ToJsonString());
        return json["items"]!.AsArray();
    }
}
