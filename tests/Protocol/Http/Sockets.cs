using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Messages over WebSocket, with credit.</summary>
public sealed class Sockets
{
    [Fact]
    public async Task A_member_gets_as_many_as_it_gave_credit_for_and_settles_them()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        for (int i = 0; i < 5; i++)
            await host.PublishAsync("s", $"{i}");

        using ClientWebSocket socket = await ConnectAsync(host, "group=g");
        Assert.Equal("open", (string?)(await ReadAsync(socket))["type"]);
        await WriteAsync(socket, """{"type":"credit","count":2}""");
        JsonNode first = await ReadAsync(socket);
        JsonNode second = await ReadAsync(socket);
        await WriteAsync(socket, $$"""{"type":"ack","receipts":["{{first["message"]!["receipt"]}}","{{second["message"]!["receipt"]}}"]}""");
        JsonNode settled = await ReadAsync(socket);
        Assert.Equal("settled", (string?)settled["type"]);
        Assert.All(settled["results"]!.AsArray(), result => Assert.True((bool)result!["settled"]!));

        await WriteAsync(socket, """{"type":"credit","count":1}""");
        JsonNode third = await ReadAsync(socket);
        await WriteAsync(socket, $$"""{"type":"nack","delay":"0s","receipts":["{{third["message"]!["receipt"]}}"]}""");
        Assert.Equal("settled", (string?)(await ReadAsync(socket))["type"]);
        await WriteAsync(socket, """{"type":"credit","count":10}""");
        List<JsonNode> rest = [await ReadAsync(socket), await ReadAsync(socket), await ReadAsync(socket)];

        Assert.Contains(rest, message => (int)message["message"]!["attempt"]! == 2);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default).Within("the socket is closed");
    }

    [Fact]
    public async Task What_a_member_that_died_held_comes_again_at_once()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("s", "x");
        using (ClientWebSocket socket = await ConnectAsync(host, "group=g&lease=10m"))
        {
            await ReadAsync(socket);
            await WriteAsync(socket, """{"type":"credit","count":1}""");
            await ReadAsync(socket);
            socket.Abort();
        }

        JsonArray again = await host.ReceiveAsync("s", "g", "?wait=20s");

        Assert.Equal(2, (int)Assert.Single(again)!["attempt"]!);
    }

    [Fact]
    public async Task A_reader_goes_on_at_the_position_that_it_was_told()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("s", "before");
        string position;
        using (ClientWebSocket socket = await ConnectAsync(host, "from=latest"))
        {
            Assert.Equal("0:1,1:0,2:0,3:0", (string?)(await ReadAsync(socket))["position"]);
            await host.PublishAsync("s", "seen");
            await host.PublishAsync("s", "not yet");
            await WriteAsync(socket, """{"type":"credit","count":1}""");
            JsonNode seen = await ReadAsync(socket);
            Assert.Equal("seen", (string?)seen["message"]!["body"]);
            position = (string)seen["position"]!;
            socket.Abort();
        }

        using ClientWebSocket again = await ConnectAsync(host, "position=" + position);
        await ReadAsync(again);
        await WriteAsync(again, """{"type":"credit","count":10}""");
        Assert.Equal("not yet", (string?)(await ReadAsync(again))["message"]!["body"]);
    }

    [Theory]
    [InlineData("{", "malformed-json")]
    [InlineData("""{"type":"credit","count":0}""", "malformed-json")]
    [InlineData("""{"type":"credit","count":99999}""", "invalid-request")]
    [InlineData("""{"type":"ack","receipts":[]}""", "malformed-json")]
    [InlineData("""{"type":"dance"}""", "malformed-json")]
    public async Task A_frame_that_is_none_is_told_and_ends_the_socket(string frame, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using ClientWebSocket socket = await ConnectAsync(host, "group=g");
        await ReadAsync(socket);

        await WriteAsync(socket, frame);

        JsonNode error = await ReadAsync(socket);
        Assert.Equal("urn:protobridge:problem:" + problem, (string?)error["problem"]!["type"]);
        WebSocketReceiveResult end = await socket.ReceiveAsync(new byte[10], default).Within("the socket ends");
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.PolicyViolation), (end.MessageType, end.CloseStatus));
    }

    [Fact]
    public async Task A_frame_over_the_limit_ends_the_socket()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxSocketFrame", "256"));
        using ClientWebSocket socket = await ConnectAsync(host, "group=g");
        await ReadAsync(socket);

        await WriteAsync(socket, new string('x', 300));

        Assert.Equal("urn:protobridge:problem:too-large", (string?)(await ReadAsync(socket))["problem"]!["type"]);
    }

    [Fact]
    public async Task Sockets_over_the_limit_and_requests_that_are_none_are_refused()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync(null, ("maxSockets", "1"));
        using ClientWebSocket socket = await ConnectAsync(host, "group=g");
        await ReadAsync(socket);

        using HttpResponseMessage plain = await host.GetAsync("/v1/topics/s/socket");
        await HttpFrontHost.AssertProblemAsync(plain, HttpStatusCode.UpgradeRequired, "upgrade-required");
        using var second = new ClientWebSocket();
        await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(new Uri($"ws://{host.EndPoint}/v1/topics/s/socket"), default));
        Assert.Equal(1, int.Parse(await MetricAsync(host, "protobridge_http_sockets"), System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<string> MetricAsync(HttpFrontHost host, string name)
        => (await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..];

    private static async Task<ClientWebSocket> ConnectAsync(HttpFrontHost host, string query)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{host.EndPoint}/v1/topics/s/socket?{query}"), default).Within("the socket is open");
        return socket;
    }

    private static async Task WriteAsync(ClientWebSocket socket, string frame)
        => await socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, default).Within("the frame is sent");

    private static async Task<JsonNode> ReadAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[16 * 1024];
        WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, default).Within("a frame came");
        return JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, got.Count))!;
    }
}
