using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>A publish that is sent again is stored once.</summary>
public sealed class IdempotencyKeys
{
    private const string Json = "application/vnd.protobridge+json";

    [Fact]
    public async Task A_repeated_publish_is_answered_as_the_first_one_and_stored_once()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage first = await PostAsync(host, "k1", "x");
        using HttpResponseMessage second = await PostAsync(host, "k1", "x");

        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_repeated_publish_may_be_of_another_trace()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        foreach (char span in "12")
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages") { Content = new StringContent("x") };
            request.Headers.Add("Idempotency-Key", "k1");
            request.Headers.Add("traceparent", $"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b{span}-01");
            using HttpResponseMessage answer = await host.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task Another_gateway_finds_what_the_first_one_stored()
    {
        var log = new FakeLog();
        var clock = new ProtoBridgeMQ.Tests.Support.ManualClock();
        string before;
        await using (HttpFrontHost one = await HttpFrontHost.StartAsync(new FakeBridge(clock, log)))
        {
            using HttpResponseMessage first = await PostAsync(one, "k1", "x");
            before = await first.Content.ReadAsStringAsync();
        }

        await using HttpFrontHost other = await HttpFrontHost.StartAsync(new FakeBridge(clock, log));
        using HttpResponseMessage again = await PostAsync(other, "k1", "x");
        using HttpResponseMessage different = await PostAsync(other, "k1", "y");

        Assert.Equal(before, await again.Content.ReadAsStringAsync());
        await HttpFrontHost.AssertProblemAsync(different, HttpStatusCode.UnprocessableEntity, "idempotency-mismatch");
        Assert.Empty(other.Bridge.Published);
    }

    [Fact]
    public async Task A_repeated_publish_waits_for_the_first_one()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.HoldPublishes = true;
        Task<HttpResponseMessage> first = PostAsync(host, "k1", "x");
        await host.Bridge.WaitForPublishesAsync(1);

        Task<HttpResponseMessage> second = PostAsync(host, "k1", "x");
        using HttpResponseMessage other = await PostAsync(host, "k1", "y");
        host.Bridge.CompleteNext();

        await HttpFrontHost.AssertProblemAsync(other, HttpStatusCode.UnprocessableEntity, "idempotency-mismatch");
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
        Assert.Single(host.Bridge.Published);
    }

    [Fact]
    public async Task A_publish_that_failed_is_tried_again()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.FailNextPublish(BridgeError.ReadOnly);

        using HttpResponseMessage first = await PostAsync(host, "k1", "x");
        using HttpResponseMessage second = await PostAsync(host, "k1", "x");

        await HttpFrontHost.AssertProblemAsync(first, HttpStatusCode.ServiceUnavailable, "read-only");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Fact]
    public async Task Of_a_batch_that_was_stored_in_part_the_rest_is_stored()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.FailNextPublish(BridgeError.Busy);
        const string Batch = """[{"body":"a"},{"body":"b"}]""";

        using HttpResponseMessage first = await PostAsync(host, "k1", Batch, Json);
        using HttpResponseMessage second = await PostAsync(host, "k1", Batch, Json);

        Assert.Equal([HttpStatusCode.MultiStatus, HttpStatusCode.OK], [first.StatusCode, second.StatusCode]);
        JsonArray before = (await HttpFrontHost.JsonAsync(first)).AsArray();
        JsonArray after = (await HttpFrontHost.JsonAsync(second)).AsArray();
        Assert.Equal((string?)before[1]!["messageId"], (string?)after[1]!["messageId"]);
        Assert.Equal(["b", "a"], host.Bridge.Published.Select(publish => publish.Text));
    }

    [Fact]
    public Task A_batch_is_stored_in_its_order_whenever_its_look_ups_end() => Seeded.RunAsync(async random =>
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        const int Count = 20;
        var waiting = new List<TaskCompletionSource>();
        host.Bridge.BeforeFindPublish = () =>
        {
            var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (waiting)
            {
                waiting.Add(found);
            }

            return found.Task;
        };
        Task<HttpResponseMessage> answer = PostAsync(host, "k1", $"[{string.Join(',', Enumerable.Range(0, Count).Select(i => $$"""{"body":"m{{i:D2}}"}"""))}]", Json);
        await Eventually.True(() => waiting.Count == Count, "all are looked up");
        TaskCompletionSource[] shuffled = [.. waiting];
        random.Shuffle(shuffled);
        foreach (TaskCompletionSource found in shuffled)
        {
            found.SetResult();
            await Task.Yield();
        }

        using HttpResponseMessage done = await answer;
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"m{i:D2}"), host.Bridge.Published.Select(publish => publish.Text));
    });

    [Fact]
    public async Task A_key_is_known_as_long_as_the_window_says()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("idempotencyWindow", "00:01:00"));

        (await PostAsync(host, "k1", "x")).Dispose();
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        (await PostAsync(host, "k1", "x")).Dispose();

        Assert.Equal(2, host.Bridge.Published.Count);
    }

    [Fact]
    public async Task Keys_beyond_the_limit_are_looked_up_and_of_too_many_under_way_one_is_busy()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxIdempotencyKeys", "1"));
        (await PostAsync(host, "k1", "x")).Dispose();
        (await PostAsync(host, "k2", "x")).Dispose();
        using HttpResponseMessage known = await PostAsync(host, "k1", "x");
        Assert.True(known.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(2, host.Bridge.Published.Count);

        host.Bridge.HoldPublishes = true;
        Task<HttpResponseMessage> held = PostAsync(host, "k3", "x");
        await host.Bridge.WaitForPublishesAsync(3);
        using HttpResponseMessage busy = await PostAsync(host, "k4", "x");
        host.Bridge.CompleteAll();

        await HttpFrontHost.AssertProblemAsync(busy, HttpStatusCode.TooManyRequests, "busy");
        Assert.Equal(HttpStatusCode.OK, (await held).StatusCode);
        string metrics = await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("\nprotobridge_http_idempotency_keys 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("protobridge_http_idempotent_publishes_total{outcome=\"replayed\"} 1\n", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("ä")]
    public async Task A_key_of_other_characters_is_refused(string key)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync($"POST /v1/topics/s/messages HTTP/1.1\r\nHost: x\r\nIdempotency-Key: {key}\r\nContent-Length: 1\r\n\r\nx");

        Assert.Contains("400 Bad Request", await raw.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
        Assert.Empty(host.Bridge.Published);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpFrontHost host, string key, string body, string type = "text/plain")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/s/messages") { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.Add("Idempotency-Key", key);
        return await host.Client.SendAsync(request);
    }
}
