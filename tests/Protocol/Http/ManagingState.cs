using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;
using ProtoBridgeMQ.Gateway.Mapping;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Dead letters, mapping rules, refusals, retained messages by the management interface.</summary>
public sealed class ManagingState
{
    private const string DeadLetters = "/v1/groups/g1/dead-letters";

    [Fact]
    public async Task Dead_letters_are_shown_the_newest_first_page_by_page()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await BuryAsync(host, 5);

        List<string> bodies = [];
        string cursor = string.Empty;
        do
        {
            JsonNode page = await host.GetJsonAsync($"{DeadLetters}?limit=2{cursor}");
            bodies.AddRange(page["items"]!.AsArray().Select(message => (string)message!["body"]!));
            cursor = page["next"] is { } next ? "&cursor=" + (string)next! : string.Empty;
        }
        while (cursor.Length > 0);

        Assert.Equal(["0", "1", "2", "3", "4"], bodies.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Dead_letters_are_searched_by_key_and_time()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await BuryAsync(host, 2);
        string middle = host.Clock.GetUtcNow().AddSeconds(30).ToString("O").Replace("+", "%2B", StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await BuryAsync(host, 2, 2);

        Assert.Equal(["2", "3"], await BodiesAsync(host, "?from=" + middle));
        Assert.Equal(["0", "1"], await BodiesAsync(host, "?to=" + middle));
        Assert.Equal(["3"], await BodiesAsync(host, "?key=k3"));
    }

    [Fact]
    public async Task All_dead_letters_are_sent_once_and_a_limit_says_that_there_are_more()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxResend", "2"));
        await BuryAsync(host, 3);

        JsonNode first = await ResendAsync(host, """{"all":true}""");
        JsonNode second = await ResendAsync(host, """{"all":true}""");
        JsonNode third = await ResendAsync(host, """{"all":true}""");

        Assert.Equal((2, false), ((int)first["sent"]!, (bool)first["isComplete"]!));
        Assert.Equal((1, true), ((int)second["sent"]!, (bool)second["isComplete"]!));
        Assert.Equal((0, true), ((int)third["sent"]!, (bool)third["isComplete"]!));
    }

    [Fact]
    public async Task An_alarm_is_counted_while_nobody_looks()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("alarmInterval", "00:00:10"));
        await BuryAsync(host, 1);

        await Eventually.TrueAsync(
            async () =>
            {
                host.Clock.Advance(TimeSpan.FromSeconds(11));
                return (await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Contains("protobridge_http_alarms{name=\"dead-letters\"} 1\n", StringComparison.Ordinal);
            },
            "the alarm is counted");
    }

    [Fact]
    public async Task Growing_lag_and_fresh_dead_letters_are_alarms()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("lagAlarm", "0"));
        await BuryAsync(host, 1);
        await host.PublishAsync("dying", "1");
        JsonNode before = await host.GetJsonAsync("/v1/overview");
        await host.PublishAsync("dying", "2");
        host.Clock.Advance(TimeSpan.FromSeconds(61));

        JsonNode after = await host.GetJsonAsync("/v1/overview");
        host.Clock.Advance(TimeSpan.FromHours(2));
        JsonNode late = await host.GetJsonAsync("/v1/overview");

        Assert.Equal(["dead-letters"], Alarms(before));
        Assert.Equal(["dead-letters", "growing-lag"], Alarms(after));
        Assert.Contains("g1 (1)", (string?)after["alarms"]!.AsArray().Single(alarm => (string?)alarm!["id"] == "dead-letters")!["text"], StringComparison.Ordinal);
        Assert.DoesNotContain("dead-letters", Alarms(late));
    }

    [Fact]
    public async Task Groups_beyond_the_limit_are_left_out_of_the_lag_and_it_says_so()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxLagGroups", "1"));
        foreach (string group in new[] { "a", "b" })
            (await host.SendAsync(HttpMethod.Put, "/v1/groups/" + group, "{}")).Dispose();

        JsonNode lag = (await host.GetJsonAsync("/v1/overview"))["lag"]!;

        Assert.Equal((1, true), ((int?)lag["groups"], (bool?)lag["isPartial"]));
    }

    [Fact]
    public async Task Dead_letters_go_to_a_topic_that_is_named()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await BuryAsync(host, 1);

        JsonNode answer = await ResendAsync(host, """{"all":true,"topic":"elsewhere"}""");

        Assert.Equal(1, (int)answer["sent"]!);
        Assert.Equal("0", (string?)Assert.Single(await host.ReceiveAsync("elsewhere", "g2"))!["body"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"all":true,"messageIds":["x"]}""")]
    [InlineData("""{"messageIds":[]}""")]
    [InlineData("""{"messageIds":["x"],"key":"k"}""")]
    public async Task Impossible_resends_are_refused(string json)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync(DeadLetters + "/resend", json, "application/json");

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
    }

    [Fact]
    public async Task Bodies_of_lists_are_cut_at_a_character()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxListedBody", "4"));
        await host.PublishAsync("dying", "abcß");
        await BuryWaitingAsync(host, 1);

        JsonNode message = (await host.GetJsonAsync(DeadLetters))["items"]![0]!;

        Assert.Equal(("abc", true, 5), ((string?)message["body"], (bool?)message["bodyIsCut"], (int?)message["size"]));
    }

    [Fact]
    public async Task Refusals_are_kept_up_to_their_limit_and_shown_the_newest_first()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxRefusals", "3"));
        for (int i = 0; i < 5; i++)
            (await host.GetAsync($"/v1/none{i}")).Dispose();

        JsonNode first = await host.GetJsonAsync("/v1/refusals?limit=2");
        JsonNode second = await host.GetJsonAsync("/v1/refusals?limit=2&cursor=" + (string)first["next"]!);

        Assert.Equal(
            ["GET /v1/none2", "GET /v1/none3", "GET /v1/none4"],
            first["items"]!.AsArray().Concat(second["items"]!.AsArray()).Select(refusal => (string)refusal!["what"]!).Order(StringComparer.Ordinal));
        Assert.Null(second["next"]);
        Assert.Equal("not-found", (string?)first["items"]![0]!["action"]);
    }

    [Fact]
    public async Task Retained_messages_are_listed_page_by_page_and_removed()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        foreach (string tag in new[] { "a", "b", "c" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/topics/kept/messages?tag=" + tag, UriKind.Relative)) { Content = new StringContent(tag) };
            request.Headers.Add("X-Property-mqtt.retain", "1");
            (await host.Client.SendAsync(request)).Dispose();
        }

        JsonNode first = await host.GetJsonAsync("/v1/retained?filter=kept/%23&limit=2");
        JsonNode second = await host.GetJsonAsync("/v1/retained?filter=kept/%23&limit=2&cursor=" + (string)first["next"]!);
        using HttpResponseMessage gone = await host.SendAsync(HttpMethod.Delete, "/v1/retained?name=kept/b", null);
        using HttpResponseMessage wild = await host.SendAsync(HttpMethod.Delete, "/v1/retained?name=kept/%23", null);

        Assert.Equal(["kept/a", "kept/b", "kept/c"], first["items"]!.AsArray().Concat(second["items"]!.AsArray()).Select(message => (string)message!["name"]!));
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        await HttpFrontHost.AssertProblemAsync(wild, HttpStatusCode.BadRequest, "invalid-request");
        Assert.Equal(["kept/a", "kept/c"], (await host.GetJsonAsync("/v1/retained"))["items"]!.AsArray().Select(message => (string)message!["name"]!));
    }

    [Fact]
    public async Task A_message_is_shown_with_what_became_of_it()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await BuryAsync(host, 1);
        string id = (string)(await host.GetJsonAsync(DeadLetters))["items"]![0]!["messageId"]!;

        JsonNode message = await host.GetJsonAsync("/v1/messages/" + id);
        JsonNode trace = await host.GetJsonAsync($"/v1/messages/{id}/trace");
        using HttpResponseMessage elsewhere = await host.GetAsync($"/v1/messages/{id}?topic=other");

        Assert.Equal("0", (string?)message["body"]);
        Assert.Equal(["sent", "stored"], trace["steps"]!.AsArray().Select(step => (string)step!["step"]!));
        await HttpFrontHost.AssertProblemAsync(elsewhere, HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("{}", """{"mapping":NEW}""")]
    [InlineData("""{"a":1}""", """{"a":1,"mapping":NEW}""")]
    [InlineData("""{"a":{"b":2},}""", """{"a":{"b":2},"mapping":NEW,}""")]
    [InlineData("""{"mapping":{"rules":[{"x":[1]}]},"a":1}""", """{"mapping":NEW,"a":1}""")]
    [InlineData("""{"Mapping" : null /* none */ }""", """{"Mapping" : NEW /* none */ }""")]
    public void Rules_are_put_into_a_file_whose_rest_stays(string before, string after)
    {
        string put = Encoding.UTF8.GetString(RulesEditor.Put(Encoding.UTF8.GetBytes(before), "NEW"u8));

        Assert.Equal(after.Replace(" ", string.Empty, StringComparison.Ordinal), put.Replace(" ", string.Empty, StringComparison.Ordinal).Replace("\n", string.Empty, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_no_object_is_left_alone()
        => Assert.Equal(BridgeError.ReadOnly, Assert.Throws<BridgeException>(() => RulesEditor.Put("[1]"u8.ToArray(), "NEW"u8)).Error);

    [Fact]
    public void Lines_of_the_message_trace_become_steps()
    {
        const string Text = "Pub\u00011000\u0001r\u0001p\u0001t\u0001ID1\u0001\u0001\u0001h\u00014\u00013\u00010\u0001o\u0001true\u0002"
            + "SubBefore\u00012000\u0001r\u0001g\u0001q\u0001ID1\u00012\u0001\u0002"
            + "SubAfter\u0001q\u0001ID1\u00017\u0001false\u0001\u00014\u00013000\u0001g\u0002"
            + "SubBefore\u00012000\u0001r\u0001g\u0001q\u0001ID2\u00010\u0001\u0002Pub\u0001x\u0002\u0002nonsense";

        IReadOnlyList<TraceStep> steps = TraceLines.Read(Encoding.UTF8.GetBytes(Text), "ID1");

        Assert.Equal(["sent", "received", "handling-failed"], steps.Select(step => step.Step));
        Assert.Equal("3", steps[1].Details!["attempt"]);
        Assert.Equal("g", steps[2].Group);
    }

    private static IEnumerable<string> Alarms(JsonNode overview)
        => overview["alarms"]!.AsArray().Select(alarm => (string)alarm!["id"]!).Order(StringComparer.Ordinal);

    private static async Task BuryAsync(HttpFrontHost host, int count, int first = 0)
    {
        for (int i = first; i < first + count; i++)
        {
            using HttpResponseMessage answer = await host.PostAsync($"/v1/topics/dying/messages?tag=t&key=k{i}", $"{i}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await BuryWaitingAsync(host, count);
    }

    private static async Task BuryWaitingAsync(HttpFrontHost host, int count)
    {
        JsonArray messages = await host.ReceiveAsync("dying", "g1");
        Assert.Equal(count, messages.Count);
        await host.SettleAsync("dead-letter", messages.Select(message => (string)message!["receipt"]!));
    }

    private static async Task<IEnumerable<string>> BodiesAsync(HttpFrontHost host, string query)
        => (await host.GetJsonAsync(DeadLetters + query))["items"]!.AsArray().Select(message => (string)message!["body"]!).Order(StringComparer.Ordinal);

    private static async Task<JsonNode> ResendAsync(HttpFrontHost host, string json)
    {
        using HttpResponseMessage answer = await host.PostAsync(DeadLetters + "/resend", json, "application/json");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await HttpFrontHost.JsonAsync(answer);
    }
}
