using System.Net;
using System.Text.Json.Nodes;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Server-sent events that go on where a client was.</summary>
public sealed class EventStreams
{
    [Fact]
    public async Task A_client_that_was_away_goes_on_where_it_was()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("s", "before");
        string place;
        using (RawHttp raw = await OpenAsync(host, "/v1/topics/s/stream"))
        {
            await host.PublishAsync("s", "seen");
            place = IdOf(await raw.ReadUntilAsync("\"body\":\"seen\""));
        }

        await host.PublishAsync("s", "missed 1");
        await host.PublishAsync("s", "missed 2");
        using RawHttp again = await OpenAsync(host, "/v1/topics/s/stream", $"Last-Event-ID: {place}\r\n");
        string events = await again.ReadUntilAsync("\"body\":\"missed 2\"");

        Assert.Contains("\"body\":\"missed 1\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("\"body\":\"seen\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("before", events, StringComparison.Ordinal);
        Assert.Equal("0:1,1:1,2:1,3:1", IdOf(events));
    }

    [Fact]
    public async Task The_place_of_a_client_that_saw_nothing_yet_is_where_it_began()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("s", "before");
        string place;
        using (RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint))
        {
            await raw.WriteAsync("GET /v1/topics/s/stream HTTP/1.1\r\nHost: x\r\n\r\n");
            place = IdOf(await raw.ReadUntilAsync("id: 0:1,1:0,2:0,3:0\n\n"));
        }

        await host.PublishAsync("s", "missed");
        using RawHttp again = await OpenAsync(host, "/v1/topics/s/stream?lastEventId=" + place);
        Assert.DoesNotContain("before", await again.ReadUntilAsync("\"body\":\"missed\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_gap_the_event_says_how_many_are_missing()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        for (int i = 0; i < 12; i++)
            await host.PublishAsync("s", $"m{i}");

        host.Bridge.Log.Forget("s", 1, 2);
        using RawHttp raw = await OpenAsync(host, "/v1/topics/s/stream?from=earliest");
        string events = await raw.ReadUntilAsync("\"body\":\"m11\"");

        Assert.DoesNotContain("\"body\":\"m1\"", events, StringComparison.Ordinal);
        string resumed;
        using (RawHttp again = await OpenAsync(host, "/v1/topics/s/stream?lastEventId=0:3,1:0,2:3,3:3"))
            resumed = await again.ReadUntilAsync("\"body\":\"m9\"") + await again.ReadUntilAsync("\n\n");

        Assert.Contains("\"missing\":2", resumed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_from_a_time_begins_with_what_was_stored_then()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("s", "early");
        host.Clock.Advance(TimeSpan.FromHours(1));
        string from = Uri.EscapeDataString(host.Clock.GetUtcNow().ToString("O"));
        await host.PublishAsync("s", "late");

        using RawHttp raw = await OpenAsync(host, "/v1/topics/s/stream?from=" + from);

        Assert.DoesNotContain("early", await raw.ReadUntilAsync("\"body\":\"late\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_is_made_later_is_seen_from_its_first_message()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await OpenAsync(host, "/v1/topics/new/stream");

        await host.PublishAsync("new", "first");

        await raw.ReadUntilAsync("\"body\":\"first\"");
    }

    [Theory]
    [InlineData("lastEventId=nonsense")]
    [InlineData("lastEventId=0:1,0:2")]
    [InlineData("lastEventId=0:-1")]
    [InlineData("from=yesterday")]
    [InlineData("filter=a&sql=b")]
    public async Task Places_and_filters_that_are_none_are_refused(string query)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.GetAsync("/v1/topics/s/stream?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Many_clients_of_a_topic_share_one_tail_and_the_last_one_ends_it()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        var clients = new List<RawHttp>();
        for (int i = 0; i < 20; i++)
            clients.Add(await OpenAsync(host, "/v1/topics/s/stream"));

        await host.PublishAsync("s", "for all");
        foreach (RawHttp client in clients)
            await client.ReadUntilAsync("for all");

        Assert.Single(host.Bridge.Streams);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Browsing_shows_all_queues_in_the_order_of_storing_page_by_page()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        for (int i = 0; i < 25; i++)
        {
            await host.PublishAsync("s", $"{i}", i % 2 == 0 ? "even" : "odd");
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), await BrowseAsync(host, "limit=7"));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"{(2 * i) + 1}"), await BrowseAsync(host, "limit=5&filter=odd"));
        Assert.Equal(["20", "24"], await BrowseAsync(host, "queue=0&offset=5"));
        DateTimeOffset start = host.Clock.GetUtcNow().AddSeconds(-25);
        string from = Uri.EscapeDataString(start.AddSeconds(10).ToString("O"));
        string to = Uri.EscapeDataString(start.AddSeconds(14).ToString("O"));
        Assert.Equal(["10", "11", "12", "13", "14"], await BrowseAsync(host, $"limit=2&from={from}&to={to}"));
    }

    [Fact]
    public async Task Browsing_finds_by_key_and_refuses_what_is_not_possible()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        (await host.PostAsync("/v1/topics/s/messages?key=a&key=b", "both")).Dispose();
        (await host.PostAsync("/v1/topics/s/messages?key=b", "one")).Dispose();

        Assert.Equal(["both", "one"], await BrowseAsync(host, "key=b"));
        Assert.Equal(["both"], await BrowseAsync(host, "key=a"));
        foreach (string wrong in new[] { "limit=0", "limit=257", "offset=3", "queue=9", "cursor=x", "key=b&queue=1", "from=then", "what=ever" })
        {
            using HttpResponseMessage answer = await host.GetAsync("/v1/topics/s/messages?" + wrong);
            await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
        }

        using HttpResponseMessage nowhere = await host.GetAsync("/v1/topics/none/messages");
        await HttpFrontHost.AssertProblemAsync(nowhere, HttpStatusCode.NotFound, "topic-not-found");
    }

    private static async Task<List<string>> BrowseAsync(HttpFrontHost host, string query)
    {
        List<string> bodies = [];
        string? next = string.Empty;
        while (next is not null)
        {
            using HttpResponseMessage answer = await host.GetAsync($"/v1/topics/s/messages?{query}{(next.Length > 0 ? "&cursor=" + next : string.Empty)}");
            JsonNode page = await HttpFrontHost.JsonAsync(answer);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, page.ToJsonString());
            bodies.AddRange(page["items"]!.AsArray().Select(item => (string)item!["body"]!));
            next = (string?)page["next"];
        }

        return bodies;
    }

    private static async Task<RawHttp> OpenAsync(HttpFrontHost host, string path, string headers = "")
    {
        RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        await raw.WriteAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        await raw.ReadUntilAsync(": open\n\n");
        return raw;
    }

    private static string IdOf(string events)
    {
        int at = events.LastIndexOf("id: ", StringComparison.Ordinal) + 4;
        return events[at..events.IndexOf('\n', at)];
    }
}
