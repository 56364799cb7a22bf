using System.Net;
using System.Net.WebSockets;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Protocol.Transports;

/// <summary>MQTT over WebSocket (section 6).</summary>
public sealed class WebSocketTests
{
    [Fact]
    public async Task Packets_may_span_frames_and_share_them()
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using ClientWebSocket socket = await OpenAsync(host, "mqtt");
        byte[] stream = [.. TransportHost.Connect, 0xC0, 0x00, 0xC0, 0x00];

        foreach (byte[] frame in new[] { stream[..1], stream[1..7], [], stream[7..17], stream[17..] })
            await socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.Equal("mqtt", socket.SubProtocol);
        Assert.Equal("20020000D000D000", await ReadAsync(socket, 8));
    }

    [Fact]
    public async Task A_frame_that_is_not_binary_closes()
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using ClientWebSocket socket = await OpenAsync(host, "mqtt");

        await socket.SendAsync(TransportHost.Connect, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await ReadAsync(socket, 100);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, socket.CloseStatus);
    }

    [Fact]
    public async Task A_goodbye_of_MQTT_closes_the_socket_in_good_order()
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using ClientWebSocket socket = await OpenAsync(host, "mqtt");

        await socket.SendAsync((byte[])[.. TransportHost.Connect, 0xE0, 0x00], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.Equal("20020000", await ReadAsync(socket, 100));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task A_large_packet_crosses_in_both_directions()
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using ClientWebSocket socket = await OpenAsync(host, "mqtt");
        await socket.SendAsync(TransportHost.Connect, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        await socket.SendAsync(Convert.FromHexString("82060001000161" + "00"), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        Assert.Equal("200200009003000100", await ReadAsync(socket, 9));

        byte[] payload = new byte[300_000];
        Array.Fill(payload, (byte)0x5A);
        await socket.SendAsync((byte[])[0x30, 0xE3, 0xA7, 0x12, 0, 1, (byte)'a', .. payload], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        string back = await ReadAsync(socket, payload.Length + 7);
        Assert.StartsWith("30E3A712000161", back, StringComparison.Ordinal);
        Assert.Equal((payload.Length + 7) * 2, back.Length);
    }

    [Theory]
    [InlineData("soap", null, HttpStatusCode.BadRequest)]
    [InlineData(null, null, HttpStatusCode.BadRequest)]
    [InlineData("mqtt", "https://elsewhere.example", HttpStatusCode.Forbidden)]
    public async Task What_does_not_ask_for_MQTT_or_comes_from_another_page_is_refused(string? protocol, string? origin, HttpStatusCode status)
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, host.Endpoints.Http!, "ws", protocol, origin));

        Assert.Equal(status, socket.HttpStatusCode);
    }

    [Fact]
    public async Task Pages_that_are_named_may_connect()
    {
        await using TransportHost host = await TransportHost.StartAsync(("mqtt:webSocketOrigins", "https://dashboard.example"));
        using var named = new ClientWebSocket();
        using var own = new ClientWebSocket();

        await ConnectAsync(named, host.Endpoints.Http!, "ws", "mqtt", "https://dashboard.example");
        await ConnectAsync(own, host.Endpoints.Http!, "ws", "mqtt", $"http://{host.Endpoints.Http}");

        Assert.Equal((WebSocketState.Open, WebSocketState.Open), (named.State, own.State));
    }

    [Fact]
    public async Task A_plain_request_is_told_to_upgrade()
    {
        await using TransportHost host = await TransportHost.StartAsync();
        using var client = new HttpClient { BaseAddress = host.Endpoints.HttpAddress };

        using HttpResponseMessage answer = await client.GetAsync(new Uri("/mqtt", UriKind.Relative));

        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
    }

    [Fact]
    public async Task MQTT_is_spoken_over_an_encrypted_WebSocket()
    {
        using var certificates = new TestCertificates();
        await using TransportHost host = await TransportHost.StartAsync(("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey));
        using var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Issuer == "CN=test authority";

        await ConnectAsync(socket, host.Endpoints.Https!, "wss", "mqtt", null);
        await socket.SendAsync(TransportHost.Connect, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.Equal("20020000", await ReadAsync(socket, 4));
    }

    private static async Task<ClientWebSocket> OpenAsync(TransportHost host, string protocol)
    {
        var socket = new ClientWebSocket();
        await ConnectAsync(socket, host.Endpoints.Http!, "ws", protocol, null);
        return socket;
    }

    private static async Task ConnectAsync(ClientWebSocket socket, IPEndPoint endpoint, string scheme, string? protocol, string? origin)
    {
        if (protocol is not null)
            socket.Options.AddSubProtocol(protocol);
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await socket.ConnectAsync(new Uri($"{scheme}://{endpoint}/mqtt"), CancellationToken.None).Within("the WebSocket is open");
    }

    /// <summary>Reads so many bytes, or until the server closes.</summary>
    private static async Task<string> ReadAsync(ClientWebSocket socket, int count)
    {
        byte[] bytes = new byte[count];
        int read = 0;
        while (read < count)
        {
            WebSocketReceiveResult result = await socket.ReceiveAsync(new ArraySegment<byte>(bytes, read, count - read), CancellationToken.None).Within("a frame");
            if (result.MessageType == WebSocketMessageType.Close)
                break;
            read += result.Count;
        }

        return Convert.ToHexString(bytes, 0, read);
    }
}
