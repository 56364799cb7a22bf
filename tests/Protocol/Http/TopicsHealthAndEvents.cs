using System.Net;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class TopicsHealthAndEvents
{
    [Fact]
    public async Task Topics_are_created_found_and_listed()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage created = await PutAsync(host, "a", """{"queues":2}""");
        using HttpResponseMessage grown = await PutAsync(host, "a", """{"queues":3}""");
        using HttpResponseMessage byDefault = await PutAsync(host, "b", null);

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(Topic("a", 2), await created.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, grown.StatusCode);
        Assert.Equal(Topic("b", 8), await byDefault.Content.ReadAsStringAsync());
        Assert.Equal(Topic("a", 3), await host.Client.GetStringAsync(new Uri("/v1/topics/a", UriKind.Relative)));
        Assert.Equal(
            $$$"""{"topics":[{{{Topic("a", 3)}}},{{{Topic("b", 8)}}}]}""",
            await host.Client.GetStringAsync(new Uri("/v1/topics", UriKind.Relative)));
    }

    private static string Topic(string name, int queues)
        => $$$"""{"name":"{{{name}}}","queues":{{{queues}}},"readQueues":{{{queues}}},"kind":"user","canRead":true,"canWrite":true,"attributes":{}}""";

    [Theory]
    [InlineData("a", """{"queues":0}""", "invalid-request")]
    [InlineData("a", """{"queues":-1}""", "invalid-request")]
    [InlineData("a", """{"queues":1000000}""", "invalid-request")]
    [InlineData("a", """{"queues":"2"}""", "malformed-json")]
    [InlineData("a", """{"queues":1.5}""", "malformed-json")]
    [InlineData("a", """{"kues":2}""", "malformed-json")]
    [InlineData("a", "[", "malformed-json")]
    [InlineData("a.b", "{}", "topic-invalid")]
    public async Task Impossible_topics_are_refused(string topic, string json, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await PutAsync(host, topic, json);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, problem);
    }

    [Fact]
    public async Task Health_tells_the_truth()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        Assert.Equal("""{"status":"alive"}""", await host.Client.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        Assert.Equal(
            """{"status":"ready","cluster":"fake","durability":"memory"}""",
            await host.Client.GetStringAsync(new Uri("/readyz", UriKind.Relative)));

        host.Bridge.Status = new BridgeStatus(false, true, "the disk is full");
        using HttpResponseMessage alive = await host.GetAsync("/healthz");
        using HttpResponseMessage ready = await host.GetAsync("/readyz");

        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        var problem = await HttpFrontHost.AssertProblemAsync(ready, HttpStatusCode.ServiceUnavailable, "not-ready");
        Assert.Equal("Messages can be received, not published: the disk is full", (string?)problem["detail"]);
    }

    [Fact]
    public async Task An_event_stream_carries_what_is_published_after_it_opened()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "before");
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        await raw.WriteAsync("GET /v1/topics/sensors/stream?filter=a HTTP/1.1\r\nHost: x\r\n\r\n");
        string head = await raw.ReadUntilAsync(": open\n\n");
        Assert.Contains("Content-Type: text/event-stream", head, StringComparison.Ordinal);

        await host.PublishAsync("sensors", "other", "b");
        await host.PublishAsync("sensors", "two\nlines", "a");

        string events = await raw.ReadUntilAsync("\"offset\":0}\n\n");
        Assert.Contains("id: 0:1,1:1,2:1,3:0\ndata: {\"messageId\":", events, StringComparison.Ordinal);
        Assert.Contains("\"body\":\"two\\nlines\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("before", events, StringComparison.Ordinal);
        Assert.DoesNotContain("other", events, StringComparison.Ordinal);
        Assert.DoesNotContain("receipt", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_event_stream_carries_comments()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        int before = host.Clock.ArmedTimers;
        await raw.WriteAsync("GET /v1/topics/sensors/stream HTTP/1.1\r\nHost: x\r\n\r\n");
        await raw.ReadUntilAsync(": open\n\n");
        await Eventually.True(() => host.Clock.ArmedTimers > before, "the event stream waits on the clock");

        host.Clock.Advance(TimeSpan.FromSeconds(15));

        await raw.ReadUntilAsync(": alive\n\n");
    }

    [Fact]
    public async Task Event_streams_over_the_limit_are_refused_as_busy()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxEventClients", "1"));
        using (RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint))
        {
            await raw.WriteAsync("GET /v1/topics/sensors/stream HTTP/1.1\r\nHost: x\r\n\r\n");
            await raw.ReadUntilAsync(": open\n\n");

            using HttpResponseMessage second = await host.GetAsync("/v1/topics/sensors/stream");
            await HttpFrontHost.AssertProblemAsync(second, HttpStatusCode.TooManyRequests, "busy");
        }
    }

    [Fact]
    public async Task The_landing_page_and_the_api_pages_are_served_from_the_binary()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        string landing = await host.Client.GetStringAsync(new Uri("/", UriKind.Relative));
        string pages = await host.Client.GetStringAsync(new Uri("/swagger/index.html", UriKind.Relative));
        using HttpResponseMessage script = await host.GetAsync("/swagger/swagger-ui-bundle.js");

        Assert.Contains("href=\"/swagger\"", landing, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", pages, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
    }

    private static Task<HttpResponseMessage> PutAsync(HttpFrontHost host, string topic, string? json)
        => host.Client.PutAsync(
            new Uri("/v1/topics/" + topic, UriKind.Relative),
            json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json"));
}
