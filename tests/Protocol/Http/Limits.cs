using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class Limits
{
    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxBodySize", "1000"));
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync("POST /v1/topics/sensors/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n");

        string answer = await raw.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("urn:protobridge:problem:too-large", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chunked_body_over_the_limit_is_refused_when_it_passes_it()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxBodySize", "1000"));
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync("POST /v1/topics/sensors/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3e9\r\n" + new string('x', 1001) + "\r\n");

        Assert.Contains("urn:protobridge:problem:too-large", await raw.ReadUntilAsync("too-large"), StringComparison.Ordinal);
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task The_limit_itself_is_taken()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxBodySize", "1000"));

        using HttpResponseMessage taken = await host.PostAsync("/v1/topics/sensors/messages", new string('x', 1000));
        using HttpResponseMessage refused = await host.PostAsync("/v1/topics/sensors/messages", new string('x', 1001));

        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        await HttpFrontHost.AssertProblemAsync(refused, HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData("Content-Length: 10\r\n\r\nhel")]
    public async Task A_body_that_stops_is_given_up_and_stores_nothing(string rest)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("dataRateGrace", "00:00:01.2"));
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync("POST /v1/topics/sensors/messages HTTP/1.1\r\nHost: x\r\n" + rest);

        string answer = await raw.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("urn:protobridge:problem:slow-request", answer, StringComparison.Ordinal);
        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_given_up()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("headersTimeout", "00:00:01"));
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync("POST /v1/topics/sensors/messages HTTP/1.1\r\nHost: x\r\nX-Slow: ");

        Assert.StartsWith("HTTP/1.1 408", await raw.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_headers_and_an_endless_request_line_are_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp headers = await RawHttp.ConnectAsync(host.EndPoint);
        using RawHttp line = await RawHttp.ConnectAsync(host.EndPoint);

        await headers.WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n"
            + string.Concat(Enumerable.Range(0, 200).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: 1\r\n"))) + "\r\n");
        await line.WriteAsync("GET /" + new string('x', 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431", await headers.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414", await line.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_gets_400_and_everybody_else_is_served()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using RawHttp raw = await RawHttp.ConnectAsync(host.EndPoint);

        await raw.WriteAsync("\u0010\u0011\u0000garbage\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", await raw.ReadToEndAsync(), StringComparison.Ordinal);
        await host.PublishAsync("sensors", "x");
    }

    [Fact]
    public async Task A_connection_over_the_limit_is_closed()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxConnections", "1"));
        using RawHttp first = await RawHttp.ConnectAsync(host.EndPoint);
        await first.WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        await first.ReadUntilAsync("alive");

        try
        {
            using RawHttp second = await RawHttp.ConnectAsync(host.EndPoint);
            Assert.Empty(await second.ReadToEndAsync());
        }
        catch (SocketException closed) when (closed.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It was closed before this side knew that it was open.
        }
    }

    [Fact]
    public async Task A_batch_and_receipts_over_their_limits_are_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxBatch", "2"), ("maxReceipts", "2"));

        using HttpResponseMessage batch = await host.PostAsync(
            "/v1/topics/sensors/messages", """[{"body":"1"},{"body":"2"},{"body":"3"}]""", "application/vnd.protobridge+json");
        using HttpResponseMessage receipts = await host.PostAsync("/v1/receipts/ack", """{"receipts":["1","2","3"]}""", "application/json");

        await HttpFrontHost.AssertProblemAsync(batch, HttpStatusCode.BadRequest, "invalid-request");
        await HttpFrontHost.AssertProblemAsync(receipts, HttpStatusCode.BadRequest, "invalid-request");
        Assert.Empty(host.Bridge.Published);
    }
}
