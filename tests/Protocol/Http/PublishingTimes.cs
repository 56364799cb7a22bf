using System.Net;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>When a message is to come, until when it is of use, and messages in parts.</summary>
public sealed class PublishingTimes
{
    [Fact]
    public async Task A_point_in_time_is_a_delay_from_now_and_a_past_one_is_none()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.Capabilities = host.Bridge.Capabilities with { MaxDelay = TimeSpan.FromDays(40) };
        string later = Uri.EscapeDataString(host.Clock.GetUtcNow().AddSeconds(77).ToString("O"));
        string past = host.Clock.GetUtcNow().AddMinutes(-1).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

        using HttpResponseMessage one = await host.PostAsync($"/v1/topics/s/messages?at={later}", "x");
        using HttpResponseMessage two = await host.PostAsync($"/v1/topics/s/messages?at={past}", "y");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [one.StatusCode, two.StatusCode]);
        Assert.Equal([TimeSpan.FromSeconds(77), TimeSpan.Zero], host.Bridge.Published.Select(publish => publish.Delay));
    }

    [Theory]
    [InlineData("at=tomorrow")]
    [InlineData("at=2030-13-01T00:00:00Z")]
    [InlineData("at=2030-01-01T00:00:00Z&delay=5s")]
    [InlineData("expires=soon")]
    [InlineData("delay=5s&delay=5s")]
    public async Task Times_that_are_none_are_refused(string query)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/s/messages?" + query, "x");

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task An_expiry_is_kept_as_a_point_in_time()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        long expected = host.Clock.GetUtcNow().AddMinutes(2).ToUnixTimeMilliseconds();

        using HttpResponseMessage raw = await host.PostAsync("/v1/topics/s/messages?expires=2m", "x");
        using HttpResponseMessage json = await host.PostAsync("/v1/topics/s/messages", $$"""{"body":"y","expires":"{{expected}}"}""", "application/vnd.protobridge+json");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [raw.StatusCode, json.StatusCode]);
        Assert.All(host.Bridge.Published, publish => Assert.Equal($"{expected}", publish[PropertyNames.MqttExpiresAt]));
    }

    [Fact]
    public async Task The_answer_says_where_the_message_can_be_looked_at()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/s/messages", "x");

        string id = (string)(await HttpFrontHost.JsonAsync(answer))["messageId"]!;
        Assert.Equal("/v1/messages/" + id, answer.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Each_part_of_a_form_is_a_message_with_what_its_headers_say()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        const string Form = "--b1\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Tag: kitchen\r\nX-Key: k1\r\nX-Key: k2\r\nX-Property-unit: C\r\n\r\n21.5\r\n"
            + "--b1\r\nContent-Disposition: form-data; name=\"b\"; filename=\"x.bin\"\r\nContent-Type: image/x\r\nX-Delay: 5s\r\nX-Ordering-Key: o\r\n\r\n\0\u0001\r\n--b1--\r\n";

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/s/messages", Form, "multipart/form-data; boundary=b1");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, (await HttpFrontHost.JsonAsync(answer)).AsArray().Count);
        FakePublish first = host.Bridge.Published[0];
        FakePublish second = host.Bridge.Published[1];
        Assert.Equal(("21.5", "kitchen", "k1 k2", "C"), (first.Text, first.Tag, first[PropertyNames.Keys], first["unit"u8]));
        Assert.Equal(("\0\u0001", "image/x", TimeSpan.FromSeconds(5)), (second.Text, second[PropertyNames.MqttContentType], second.Delay));
        Assert.NotNull(second.OrderingHash);
    }

    [Theory]
    [InlineData("multipart/form-data", "--b1--\r\n")]
    [InlineData("multipart/form-data; boundary=b1", "--b1--\r\n")]
    [InlineData("multipart/form-data; boundary=b1", "nothing of the kind")]
    [InlineData("multipart/form-data; boundary=b1", "--b1\r\nX-Tga: misspelt\r\n\r\nx\r\n--b1--\r\n")]
    [InlineData("multipart/form-data; boundary=b1", "--b1\r\nX-Tag: cut")]
    public async Task A_form_that_is_malformed_stores_nothing(string type, string form)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/s/messages", form, type);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_form_of_more_parts_than_a_batch_may_have_is_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxBatch", "1"));

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/s/messages", "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--\r\n", "multipart/form-data; boundary=b");

        JsonNode problem = await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid-request");
        Assert.Contains("1 messages", (string?)problem["detail"], StringComparison.Ordinal);
    }
}
