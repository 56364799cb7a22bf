using System.Net;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class Receiving
{
    [Fact]
    public async Task A_message_arrives_with_all_its_parts()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var publish = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages?tag=kitchen/temp&key=k1&key=k2")
        {
            Content = new StringContent("<é>", System.Text.Encoding.UTF8, "text/plain"),
        };
        publish.Headers.Add("X-Property-unit", "C");
        using HttpResponseMessage published = await host.Client.SendAsync(publish);

        JsonNode message = Assert.Single(await host.ReceiveAsync("sensors", "g1"))!;

        string receipt = (string)message["receipt"]!;
        Assert.Matches("^[A-Za-z0-9_-]{34}$", receipt);
        message["receipt"] = "R";
        Assert.Equal(
            """{"messageId":"7F00000100002A9F0000000000000000","topic":"sensors","tag":"kitchen/temp","contentType":"text/plain; charset=utf-8","keys":["k1","k2"],"properties":"""
            + """{"unit":"C"},"body":"<é>","bodyEncoding":"utf-8","bornAt":"2030-01-02T03:04:05+00:00","storedAt":"2030-01-02T03:04:05+00:00","queueId":"""
            + """0,"offset":0,"attempt":1,"receipt":"R"}""",
            message.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Fact]
    public async Task A_body_that_is_no_text_comes_as_base64()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using HttpResponseMessage published = await host.PostAsync("/v1/topics/sensors/messages", [0xFF, 0x00]);

        JsonNode message = Assert.Single(await host.ReceiveAsync("sensors", "g1"))!;

        Assert.Equal(("/wA=", "base64"), ((string)message["body"]!, (string)message["bodyEncoding"]!));
    }

    [Fact]
    public async Task A_receive_without_wait_answers_at_once()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));
    }

    [Fact]
    public async Task A_long_poll_answers_when_a_message_comes()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        Task<JsonArray> receive = host.ReceiveAsync("sensors", "g1", "?max=10&wait=20s");
        await Eventually.True(() => host.Bridge.Streams.Count == 1, "the long poll joined its group");

        await host.PublishAsync("sensors", "21.5");

        Assert.Equal("21.5", (string)Assert.Single(await receive.Within("the long poll's answer"))!["body"]!);
    }

    [Theory]
    [InlineData("5s")]
    [InlineData("5000ms")]
    [InlineData("PT5S")]
    [InlineData("5")]
    public async Task A_long_poll_ends_empty_when_its_time_has_come(string wait)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        int before = host.Clock.ArmedTimers;
        Task<JsonArray> receive = host.ReceiveAsync("sensors", "g1", "?wait=" + wait);
        await Eventually.True(() => host.Clock.ArmedTimers > before, "the long poll waits on the clock");

        host.Clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(receive.IsCompleted);
        host.Clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Empty(await receive.Within("the empty answer of the long poll"));
    }

    [Fact]
    public async Task A_long_poll_whose_client_leaves_loses_nothing()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using (RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint))
        {
            await raw.WriteAsync("POST /v1/topics/sensors/groups/g1/receive?wait=60s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            await Eventually.True(() => host.Bridge.Streams.Count == 1, "the long poll joined its group");
        }

        // The server may notice that the client left only after it took the message for it: then its lease runs out.
        await host.PublishAsync("sensors", "21.5");
        JsonArray messages = [];
        for (int turn = 0; turn < 10 && messages.Count == 0; turn++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(31));
            messages = await host.ReceiveAsync("sensors", "g1");
        }

        Assert.Equal("21.5", (string)Assert.Single(messages)!["body"]!);
    }

    [Fact]
    public async Task Acknowledged_messages_do_not_come_again()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        await host.PublishAsync("sensors", "2");
        JsonArray messages = await host.ReceiveAsync("sensors", "g1");

        JsonArray results = await host.SettleAsync("ack", messages.Select(message => (string)message!["receipt"]!));

        Assert.All(results, result => Assert.True((bool)result!["settled"]!));
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));
    }

    [Fact]
    public async Task An_unacknowledged_message_comes_again_after_its_lease()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        Assert.Single(await host.ReceiveAsync("sensors", "g1", "?lease=10s"));

        host.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));
        host.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(2, (int)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["attempt"]!);
    }

    [Fact]
    public async Task An_extended_lease_holds_longer_than_the_stream_would_be_kept()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        string receipt = (string)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["receipt"]!;

        JsonArray extended = await host.SettleAsync("extend", [receipt], ",\"lease\":\"10m\"");
        Assert.True((bool)extended[0]!["settled"]!);
        host.Clock.Advance(TimeSpan.FromMinutes(9));

        Assert.True((bool)(await host.SettleAsync("ack", [receipt]))[0]!["settled"]!);
    }

    [Fact]
    public async Task A_nack_gives_the_message_back_at_once_or_after_its_delay()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        string first = (string)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["receipt"]!;

        await host.SettleAsync("nack", [first]);
        JsonNode again = Assert.Single(await host.ReceiveAsync("sensors", "g1"))!;
        Assert.Equal(2, (int)again["attempt"]!);

        await host.SettleAsync("nack", [(string)again["receipt"]!], ",\"delay\":\"10s\"");
        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, (int)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["attempt"]!);
    }

    [Fact]
    public async Task A_dead_letter_goes_to_the_groups_dead_letters()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        string receipt = (string)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["receipt"]!;

        await host.SettleAsync("dead-letter", [receipt]);

        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));
        Assert.Equal("1", (string)Assert.Single(await host.ReceiveAsync("%25DLQ%25g1", "undertaker"))!["body"]!);
    }

    [Fact]
    public async Task A_receipt_settles_once_and_garbage_never()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1");
        string receipt = (string)Assert.Single(await host.ReceiveAsync("sensors", "g1"))!["receipt"]!;
        string otherLife = "AQ" + "AAAA" + receipt[6..];
        await host.SettleAsync("ack", [receipt]);

        JsonArray results = await host.SettleAsync("ack", [receipt, "garbage", string.Empty, otherLife, receipt + "A", new string('A', 34)]);

        IEnumerable<string> types = results.Select(result => (string?)result!["error"]?["type"] ?? "none");
        const string Unknown = "urn:protobridge:problem:delivery-unknown";
        const string Invalid = "urn:protobridge:problem:invalid-request";
        Assert.Equal(new[] { Unknown, Invalid, Invalid, Unknown, Invalid, Invalid }, types);
        Assert.All(results, result => Assert.False((bool)result!["settled"]!));
    }

    [Theory]
    [InlineData("ack", "")]
    [InlineData("ack", "{}")]
    [InlineData("ack", """{"receipts":[]}""")]
    [InlineData("ack", """{"receipts":"x"}""")]
    [InlineData("ack", """{"receipts":[1]}""")]
    [InlineData("ack", """{"receipts":["x"],"delay":"5s"}""")]
    [InlineData("ack", """["x"]""")]
    [InlineData("nack", """{"receipts":["x"],"delay":"-5s"}""")]
    [InlineData("extend", """{"receipts":["x"],"lease":"0s"}""")]
    public async Task Settle_requests_of_another_shape_are_refused(string how, string json)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/receipts/" + how, json, "application/json");
        using HttpResponseMessage typeless = await host.PostAsync("/v1/receipts/" + how, json);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await HttpFrontHost.AssertProblemAsync(typeless, HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData("?max=0", "invalid-request")]
    [InlineData("?max=-1", "invalid-request")]
    [InlineData("?max=257", "invalid-request")]
    [InlineData("?max=ten", "invalid-request")]
    [InlineData("?wait=-1s", "invalid-request")]
    [InlineData("?wait=soon", "invalid-request")]
    [InlineData("?wait=61s", "invalid-request")]
    [InlineData("?wait=NaN", "invalid-request")]
    [InlineData("?wait=1e99", "invalid-request")]
    [InlineData("?lease=0s", "invalid-request")]
    [InlineData("?lease=13h", "invalid-request")]
    [InlineData("?wiat=5s", "invalid-request")]
    [InlineData("?filter=a%7C%7C", "filter-invalid")]
    public async Task Impossible_terms_are_refused(string query, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/groups/g1/receive" + query, string.Empty);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, problem);
    }

    [Fact]
    public async Task A_filter_lets_only_its_tags_through_and_can_be_changed()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "1", "a");
        await host.PublishAsync("sensors", "2", "b");

        JsonArray first = await host.ReceiveAsync("sensors", "g1", "?filter=a");
        Assert.Equal("1", (string)Assert.Single(first)!["body"]!);
        await host.SettleAsync("ack", [(string)first[0]!["receipt"]!]);
        await host.PublishAsync("sensors", "3", "b");

        Assert.Contains(await host.ReceiveAsync("sensors", "g1", "?filter=b"), message => (string)message!["body"]! == "3");
    }

    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_as_busy_until_one_leaves()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxGroupStreams", "1"));
        Assert.Empty(await host.ReceiveAsync("sensors", "g1"));

        using (HttpResponseMessage refused = await host.PostAsync("/v1/topics/sensors/groups/g2/receive", string.Empty))
        {
            await HttpFrontHost.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "busy");
            Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        }

        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await host.ReceiveAsync("sensors", "g2"));
    }

    [Fact]
    public async Task Receivers_of_a_group_at_the_same_time_share_its_messages()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        Task<JsonArray>[] receives = [.. Enumerable.Range(0, 4).Select(_ => host.ReceiveAsync("sensors", "g1", "?max=1&wait=20s"))];
        await Eventually.True(() => host.Bridge.Streams.Count == 4, "four long polls wait");

        for (int i = 0; i < 4; i++)
            await host.PublishAsync("sensors", $"{i}");

        JsonArray[] all = await Task.WhenAll(receives).Within("all four answers");
        Assert.Equal(["0", "1", "2", "3"], all.Select(messages => (string)Assert.Single(messages)!["body"]!).Order());
    }
}
