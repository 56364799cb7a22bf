using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>The management interface over a bridge in memory.</summary>
public sealed class Managing
{
    [Fact]
    public async Task The_overview_has_rates_latency_lag_disk_connections_and_brokers()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.Administration.Broker = host.Bridge.Administration.Broker with { Disk = new DiskState("/data", 100, 40, 0.85, 0.95), StoreBytes = 7 };
        await host.GetJsonAsync("/v1/overview");
        await host.PublishAsync("sensors", "m");
        await host.ReceiveAsync("sensors", "g1");
        host.Clock.Advance(TimeSpan.FromSeconds(10));

        JsonNode overview = await host.GetJsonAsync("/v1/overview");

        Assert.Equal("fake", (string?)overview["cluster"]);
        Assert.Equal(0.1, (double?)overview["rates"]!["in"]);
        Assert.Equal(0.1, (double?)overview["rates"]!["out"]);
        Assert.Equal(["http", "remoting"], overview["rates"]!["protocols"]!.AsArray().Select(protocol => (string)protocol!["protocol"]!));
        Assert.Equal(1, (int?)overview["publishLatency"]!["count"]);
        Assert.NotNull(overview["publishLatency"]!["p99Ms"]);
        Assert.Equal(1, (int?)overview["lag"]!["total"]);
        Assert.Equal("g1", (string?)overview["lag"]!["largest"]![0]!["group"]);
        Assert.Equal(0.6, (double?)overview["disk"]!["usedShare"]);
        Assert.Equal(7, (int?)overview["disk"]!["storeBytes"]);
        Assert.True((int?)overview["connections"]!["http"] > 0);
        Assert.Equal("fake", (string?)overview["brokers"]![0]!["name"]);
        Assert.Empty(overview["alarms"]!.AsArray());
    }

    [Fact]
    public async Task Alarms_name_what_needs_to_be_looked_after()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.Administration.Broker = host.Bridge.Administration.Broker with
        {
            CanWrite = false, Reason = "the disk is full", Disk = new DiskState("/data", 100, 2, 0.85, 0.95), NameServers = 2, NameServersReached = 1,
        };

        JsonNode overview = await host.GetJsonAsync("/v1/overview");

        Assert.Equal(["disk-full", "name-server-lost"], overview["alarms"]!.AsArray().Select(alarm => (string)alarm!["id"]!));
        Assert.Equal("critical", (string?)overview["alarms"]![0]!["severity"]);
        Assert.Contains("the disk is full", (string?)overview["alarms"]![0]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_live_stream_sends_the_overview_each_second()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        await raw.WriteAsync("GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n");
        string head = await raw.ReadUntilAsync("]}\n\n");
        Assert.Contains("Content-Type: text/event-stream", head, StringComparison.Ordinal);
        Assert.Contains("event: overview\ndata: {\"at\":", head, StringComparison.Ordinal);

        Assert.Contains("\"uptimeSeconds\":0,", head, StringComparison.Ordinal);

        host.Clock.Advance(TimeSpan.FromSeconds(1));

        await raw.ReadUntilAsync("\"uptimeSeconds\":1,");
    }

    [Fact]
    public async Task Live_streams_beyond_the_limit_are_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxLiveClients", "1"));
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        await raw.WriteAsync("GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n");
        await raw.ReadUntilAsync("]}\n\n");

        using HttpResponseMessage refused = await host.GetAsync("/v1/live");

        await HttpFrontHost.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "busy");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Pages_follow_each_other_and_show_everything_once()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        foreach (string topic in new[] { "a", "b", "c", "d", "e" })
            await host.PublishAsync(topic, "m");

        List<string> seen = [];
        string cursor = string.Empty;
        do
        {
            JsonNode page = await host.GetJsonAsync("/v1/topics?limit=2" + cursor);
            seen.AddRange(page["topics"]!.AsArray().Select(topic => (string)topic!["name"]!));
            cursor = page["next"] is { } next ? "&cursor=" + (string)next! : string.Empty;
        }
        while (cursor.Length > 0);

        Assert.Equal(["a", "b", "c", "d", "e"], seen);
    }

    [Theory]
    [InlineData("/v1/topics?limit=0")]
    [InlineData("/v1/topics?limit=-1")]
    [InlineData("/v1/topics?limit=99999999999999")]
    [InlineData("/v1/topics?limit=1001")]
    [InlineData("/v1/topics?limit=x")]
    [InlineData("/v1/topics?limit=1&limit=2")]
    [InlineData("/v1/topics?cursor=")]
    [InlineData("/v1/topics?cursor=%3Cscript%3E")]
    [InlineData("/v1/topics?kind=mine")]
    [InlineData("/v1/topics?page=2")]
    [InlineData("/v1/clients?protocol=smtp")]
    [InlineData("/v1/groups?kind=x")]
    public async Task Impossible_pages_are_refused(string path)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.GetAsync(path);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
    }

    [Fact]
    public async Task A_change_with_an_old_entity_tag_is_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using HttpResponseMessage made = await host.SendAsync(HttpMethod.Put, "/v1/groups/g1", """{"maxRetries":5}""");
        EntityTagHeaderValue old = made.Headers.ETag!;
        using HttpResponseMessage changed = await host.SendAsync(HttpMethod.Put, "/v1/groups/g1", """{"maxRetries":6}""", ("If-Match", old.Tag));

        using HttpResponseMessage late = await host.SendAsync(HttpMethod.Put, "/v1/groups/g1", """{"maxRetries":7}""", ("If-Match", old.Tag));
        using HttpResponseMessage lateDelete = await host.SendAsync(HttpMethod.Delete, "/v1/groups/g1", null, ("If-Match", old.Tag));
        using HttpResponseMessage notNew = await host.SendAsync(HttpMethod.Put, "/v1/groups/g1", "{}", ("If-None-Match", "*"));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (made.StatusCode, changed.StatusCode));
        await HttpFrontHost.AssertProblemAsync(late, HttpStatusCode.PreconditionFailed, "precondition-failed");
        await HttpFrontHost.AssertProblemAsync(lateDelete, HttpStatusCode.PreconditionFailed, "precondition-failed");
        await HttpFrontHost.AssertProblemAsync(notNew, HttpStatusCode.PreconditionFailed, "precondition-failed");
        Assert.Equal(6, (int?)(await host.GetJsonAsync("/v1/groups/g1"))["maxRetries"]);
        using HttpResponseMessage deleted = await host.SendAsync(HttpMethod.Delete, "/v1/groups/g1", null, ("If-Match", changed.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Theory]
    [InlineData("PUT", "/v1/groups/a.b", "{}", "group-invalid")]
    [InlineData("PUT", "/v1/groups/..%2Fx", "{}", "group-invalid")]
    [InlineData("PUT", "/v1/topics/..%2F..%2Fetc", "{}", "topic-invalid")]
    [InlineData("DELETE", "/v1/topics/%3Cscript%3E", null, "topic-invalid")]
    [InlineData("PUT", "/v1/groups/g", """{"maxRetries":-1}""", "invalid-request")]
    [InlineData("PUT", "/v1/groups/g", """{"retryQueues":100000}""", "invalid-request")]
    [InlineData("PUT", "/v1/groups/g", """{"maxRetries":"5"}""", "malformed-json")]
    [InlineData("PUT", "/v1/groups/g", """{"maxRetries":5,"maxRetries":6}""", "malformed-json")]
    [InlineData("PUT", "/v1/groups/g", "null", "malformed-json")]
    [InlineData("POST", "/v1/groups/g/offsets/reset", """{"time":"2030-01-01T00:00:00Z"}""", "malformed-json")]
    [InlineData("POST", "/v1/groups/g/offsets/reset", """{"topic":"t"}""", "invalid-request")]
    [InlineData("POST", "/v1/groups/g/offsets/reset", """{"topic":"t","to":"middle"}""", "invalid-request")]
    [InlineData("POST", "/v1/groups/g/offsets/reset", """{"topic":"t","time":"yesterday"}""", "malformed-json")]
    [InlineData("POST", "/v1/groups/g/offsets/reset", """{"topic":"t","time":"1969-01-01T00:00:00Z"}""", "invalid-request")]
    public async Task Impossible_changes_are_refused(string method, string path, string? json, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.SendAsync(new HttpMethod(method), path, json);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, problem);
    }

    [Fact]
    public async Task A_page_of_another_origin_changes_nothing()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "m");

        using HttpResponseMessage answer = await host.SendAsync(HttpMethod.Delete, "/v1/topics/sensors", null, ("Origin", "http://evil.example"));

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.Forbidden, "cross-origin");
        Assert.NotNull(await host.Bridge.Topics.FindAsync("sensors"));
    }

    [Fact]
    public async Task Lag_members_and_a_reset_of_a_group()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        await host.PublishAsync("sensors", "2");
        await host.ReceiveAsync("sensors", "g1", "?max=1");

        JsonNode lag = await host.GetJsonAsync("/v1/groups/g1/lag");
        JsonNode members = await host.GetJsonAsync("/v1/groups/g1/members");
        JsonNode list = await host.GetJsonAsync("/v1/groups");
        using HttpResponseMessage dry = await host.PostAsync("/v1/groups/g1/offsets/reset", """{"topic":"sensors","to":"latest","dryRun":true}""", "application/json");
        using HttpResponseMessage reset = await host.PostAsync("/v1/groups/g1/offsets/reset", """{"topic":"sensors","to":"latest"}""", "application/json");

        Assert.Equal(2, (int?)lag["total"]);
        Assert.Equal(4, lag["items"]!.AsArray().Count);
        Assert.Equal("sensors", (string?)members["items"]![0]!["subscriptions"]![0]!["topic"]);
        Assert.Equal(("g1", 1, 2), ((string?)list["items"]![0]!["name"], (int?)list["items"]![0]!["members"], (int?)list["items"]![0]!["lag"]));
        Assert.Equal(2, (await HttpFrontHost.JsonAsync(dry))["queues"]!.AsArray().Sum(queue => (int)queue!["to"]!));
        Assert.Equal(HttpStatusCode.OK, reset.StatusCode);
        // One is in flight still.
        Assert.Equal(1, (int?)(await host.GetJsonAsync("/v1/groups/g1/lag"))["total"]);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        foreach (string path in new[] { "/v1/groups/none", "/v1/groups/none/lag", "/v1/groups/none/members" })
        {
            using HttpResponseMessage answer = await host.GetAsync(path);
            await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.NotFound, "group-not-found");
        }

        using HttpResponseMessage topic = await host.GetAsync("/v1/topics/none/queues");
        await HttpFrontHost.AssertProblemAsync(topic, HttpStatusCode.NotFound, "topic-not-found");
        using HttpResponseMessage client = await host.GetAsync("/v1/clients/http/none");
        await HttpFrontHost.AssertProblemAsync(client, HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Clients_of_all_protocols_are_listed_searched_and_disconnected()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.Administration.Clients.Add(new ClientState("remoting", "10.0.0.9@7", "10.0.0.9:7", null, null, new Dictionary<string, string> { ["language"] = "JAVA" }, ["g: t"]));

        JsonNode all = await host.GetJsonAsync("/v1/clients");
        JsonNode found = await host.GetJsonAsync("/v1/clients?protocol=remoting&search=10.0.0");
        using HttpResponseMessage gone = await host.SendAsync(HttpMethod.Delete, "/v1/clients/remoting/10.0.0.9@7", null);

        Assert.Contains(all["items"]!.AsArray(), client => (string?)client!["protocol"] == "http");
        Assert.Equal("JAVA", (string?)Assert.Single(found["items"]!.AsArray())!["details"]!["language"]);
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        Assert.Empty((await host.GetJsonAsync("/v1/clients?protocol=remoting"))["items"]!.AsArray());
    }
}
