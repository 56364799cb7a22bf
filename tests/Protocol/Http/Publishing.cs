using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class Publishing
{
    private const string Json = "application/vnd.protobridge+json";

    [Fact]
    public async Task A_raw_publish_answers_where_it_was_stored()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages?tag=kitchen/temp&key=k1&key=k2", "21.5");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("""{"messageId":"7F00000100002A9F0000000000000000","queueId":0,"offset":0}""", await answer.Content.ReadAsStringAsync());
        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal(("sensors", "21.5", "kitchen/temp", "k1 k2"), (stored.Topic, stored.Text, stored.Tag, stored[PropertyNames.Keys]));
    }

    [Fact]
    public async Task The_answer_comes_only_after_the_bridge_stored_the_message()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.HoldPublishes = true;

        Task<HttpResponseMessage> answer = host.PostAsync("/v1/topics/sensors/messages", "21.5");
        await host.Bridge.WaitForPublishesAsync(1);
        Assert.False(answer.IsCompleted);

        host.Bridge.CompleteAll();
        using HttpResponseMessage answered = await answer.Within("the answer after the publish was stored");
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task Property_headers_become_user_properties_and_reserved_names_are_no_way_in()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages") { Content = new StringContent("x", Encoding.UTF8, "text/csv") };
        request.Headers.Add("X-Property-unit", "C");
        request.Headers.Add("X-Property-TAGS", "mine");

        using HttpResponseMessage answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal("C", stored["unit"u8]);
        Assert.Null(stored.Tag);
        Assert.Equal("mine", stored["user:TAGS"u8]);
        Assert.Equal("text/csv; charset=utf-8", stored[PropertyNames.MqttContentType]);
    }

    [Fact]
    public async Task Typed_fields_of_devices_go_both_ways_and_must_parse()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage taken = await host.PostAsync(
            "/v1/topics/sensors/messages", """{"body":"x","properties":{"mqtt.correlation-data":"AQI","mqtt.topic":"y"}}""", Json);
        using HttpResponseMessage refused = await host.PostAsync(
            "/v1/topics/sensors/messages", """{"body":"x","properties":{"mqtt.expires-at":"tomorrow"}}""", Json);

        await HttpFrontHost.AssertProblemAsync(refused, HttpStatusCode.BadRequest, "properties-invalid");
        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal(("AQI", null), (stored[PropertyNames.MqttCorrelationData], stored[PropertyNames.MqttTopic]));
        JsonNode received = Assert.Single(await host.ReceiveAsync("sensors", "g1"))!;
        Assert.Equal("""{"mqtt.correlation-data":"AQI","mqtt.topic":"y"}""", received["properties"]!.ToJsonString());
    }

    [Fact]
    public async Task A_message_is_retained_by_its_property()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/machine/messages?tag=state") { Content = new StringContent("on") };
        request.Headers.Add("X-Property-mqtt.retain", "1");

        using HttpResponseMessage raw = await host.Client.SendAsync(request);
        using HttpResponseMessage json = await host.PostAsync(
            "/v1/topics/machine/messages", """[{"body":"1","tag":"a","properties":{"mqtt.retain":"1"}},{"body":"2","tag":"b","properties":{"mqtt.retain":"0"}}]""", Json);
        using HttpResponseMessage wrong = await host.PostAsync("/v1/topics/machine/messages", """{"body":"x","properties":{"mqtt.retain":"yes"}}""", Json);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (raw.StatusCode, json.StatusCode));
        await HttpFrontHost.AssertProblemAsync(wrong, HttpStatusCode.BadRequest, "properties-invalid");
        Assert.Equal(2, host.Bridge.Retained.Count);
    }

    [Fact]
    public async Task Delay_and_ordering_key_reach_the_bridge()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages?delay=5s&orderingKey=d%C3%A9vice%207", "x");

        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal(TimeSpan.FromSeconds(5), stored.Delay);
        Assert.Equal(TopicMapping.OrderingHash("dévice 7"u8), stored.OrderingHash);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(16 * 1024 + 1)]
    [InlineData(3_000_000)]
    public async Task Bodies_of_all_sizes_arrive_whole(int size)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        var body = new byte[size];
        new Random(size).NextBytes(body);

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages", body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(body, Assert.Single(host.Bridge.Published).Body);
    }

    [Fact]
    public async Task A_chunked_body_arrives_whole()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);
        await raw.WriteAsync("POST /v1/topics/sensors/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await raw.WriteAsync("4\r\ndefg\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await raw.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("abcdefg", Assert.Single(host.Bridge.Published).Text);
    }

    [Fact]
    public async Task One_message_as_json_keeps_all_its_members()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync(
            "/v1/topics/sensors/messages",
            """{"tag":"a/b","body":"\u00e9\n","keys":["k1","k2"],"properties":{"unit":"\u00b0C"},"contentType":"text/plain","orderingKey":"o","delay":"PT10S"}""",
            Json);

        Assert.Equal("""{"messageId":"7F00000100002A9F0000000000000000","queueId":0,"offset":0}""".Length, (await answer.Content.ReadAsStringAsync()).Length);
        FakePublish stored = Assert.Single(host.Bridge.Published);
        Assert.Equal("é\n", stored.Text);
        Assert.Equal(("a/b", "k1 k2", "°C", "text/plain"), (stored.Tag, stored[PropertyNames.Keys], stored["unit"u8], stored[PropertyNames.MqttContentType]));
        Assert.Equal((TopicMapping.OrderingHash("o"u8), TimeSpan.FromSeconds(10)), (stored.OrderingHash, stored.Delay));
    }

    [Fact]
    public async Task A_batch_is_stored_in_its_order_and_answers_each()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync(
            "/v1/topics/sensors/messages",
            """[{"body":"one","orderingKey":"o"},{"bodyEncoding":"base64","body":"AP8=","orderingKey":"o","tag":"t"},{"body":"three","orderingKey":"o"}]""",
            Json);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        JsonArray results = (await HttpFrontHost.JsonAsync(answer)).AsArray();
        Assert.Equal([0L, 1L, 2L], results.Select(result => (long)result!["offset"]!));
        Assert.Equal(["one", "three"], [host.Bridge.Published[0].Text, host.Bridge.Published[2].Text]);
        Assert.Equal([0, 255], host.Bridge.Published[1].Body);
        Assert.Equal("t", host.Bridge.Published[1].Tag);
        Assert.Null(host.Bridge.Published[2].Tag);
    }

    [Fact]
    public async Task A_batch_tells_which_message_was_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.FailNextPublish(ProtoBridgeMQ.Bridge.BridgeError.Busy);

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages", """[{"body":"one"},{"body":"two"}]""", Json);

        Assert.Equal(HttpStatusCode.MultiStatus, answer.StatusCode);
        JsonArray results = (await HttpFrontHost.JsonAsync(answer)).AsArray();
        Assert.Equal("urn:protobridge:problem:busy", (string?)results[0]!["error"]!["type"]);
        Assert.Equal(0, (long)results[1]!["offset"]!);
    }

    [Theory]
    [InlineData("", "malformed-json")]
    [InlineData("{", "malformed-json")]
    [InlineData("17", "malformed-json")]
    [InlineData("null", "malformed-json")]
    [InlineData("""{"body":"x"} {"body":"y"}""", "malformed-json")]
    [InlineData("""{"tag":"x"}""", "malformed-json")]
    [InlineData("""{"body":17}""", "malformed-json")]
    [InlineData("""{"body":"x","body":"y"}""", "malformed-json")]
    [InlineData("""{"body":"x","tags":"y"}""", "malformed-json")]
    [InlineData("""{"body":"\ud800"}""", "malformed-json")]
    [InlineData("""{"body":"x","properties":{"a":1}}""", "malformed-json")]
    [InlineData("""{"body":"x","properties":{"a\u0001":"1"}}""", "properties-invalid")]
    [InlineData("""{"body":"*","bodyEncoding":"base64"}""", "invalid-request")]
    [InlineData("""{"body":"x","bodyEncoding":"latin1"}""", "invalid-request")]
    [InlineData("""{"body":"x","delay":"7s"}""", "invalid-request")]
    [InlineData("""{"body":"x","delay":"soon"}""", "invalid-request")]
    [InlineData("""{"body":"x","keys":["a b"]}""", "invalid-request")]
    [InlineData("[]", "invalid-request")]
    [InlineData("""[{"body":"x"},{"body":1}]""", "malformed-json")]
    [InlineData("""[[[[[[[[[[1]]]]]]]]]]""", "malformed-json")]
    public async Task Json_of_another_shape_stores_nothing(string json, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages", json, Json);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, problem);
        Assert.Empty(host.Bridge.Published);
    }

    [Theory]
    [InlineData("1ms", 1L)]
    [InlineData("7s", 7_000L)]
    [InlineData("960h", 40L * 24 * 3600 * 1000)]
    [InlineData("P40D", 40L * 24 * 3600 * 1000)]
    [InlineData("P41D", 0L)]
    public async Task Any_delay_up_to_the_limit_of_the_bridge_is_taken(string delay, long milliseconds)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.Capabilities = host.Bridge.Capabilities with { MaxDelay = TimeSpan.FromDays(40) };

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages?delay=" + delay, "x");

        Assert.Equal(milliseconds == 0 ? [] : [TimeSpan.FromMilliseconds(milliseconds)], host.Bridge.Published.Select(stored => stored.Delay));
        Assert.Equal(milliseconds == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("?delay=7s", HttpStatusCode.BadRequest, "invalid-request")]
    [InlineData("?delay=-5s", HttpStatusCode.BadRequest, "invalid-request")]
    [InlineData("?delay=5%", HttpStatusCode.BadRequest, "invalid-request")]
    [InlineData("?tag=%FF", HttpStatusCode.BadRequest, "invalid-request")]
    [InlineData("?tag=a%01b", HttpStatusCode.BadRequest, "properties-invalid")]
    [InlineData("?tag=a&tag=b", HttpStatusCode.BadRequest, "invalid-request")]
    [InlineData("?tga=a", HttpStatusCode.BadRequest, "invalid-request")]
    public async Task Impossible_query_parameters_are_refused(string query, HttpStatusCode status, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages" + query, "x");

        await HttpFrontHost.AssertProblemAsync(answer, status, problem);
        Assert.Empty(host.Bridge.Published);
    }

    [Theory]
    [InlineData("bad%20name")]
    [InlineData("a.b")]
    [InlineData("%3Cscript%3E")]
    [InlineData("%C3%A9")]
    public async Task A_topic_outside_the_alphabet_is_refused(string topic)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync($"/v1/topics/{topic}/messages", "x");

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "topic-invalid");
    }

    [Fact]
    public async Task A_page_of_another_origin_may_not_publish()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages") { Content = new StringContent("x") };
        foreign.Headers.Add("Origin", "http://elsewhere.example");
        using var own = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages") { Content = new StringContent("x") };
        own.Headers.Add("Origin", "http://" + host.EndPoint);

        using HttpResponseMessage refused = await host.Client.SendAsync(foreign);
        using HttpResponseMessage taken = await host.Client.SendAsync(own);

        await HttpFrontHost.AssertProblemAsync(refused, HttpStatusCode.Forbidden, "cross-origin");
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task Codings_that_would_be_stored_undecoded_are_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var zipped = new HttpRequestMessage(HttpMethod.Post, "/v1/topics/sensors/messages") { Content = new StringContent("x") };
        zipped.Content.Headers.ContentEncoding.Add("gzip");

        using HttpResponseMessage coded = await host.Client.SendAsync(zipped);

        await HttpFrontHost.AssertProblemAsync(coded, HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }
}
