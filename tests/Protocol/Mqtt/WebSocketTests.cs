using System.Net.WebSockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>MQTT over WebSocket through a real socket (section 6).</summary>
public sealed class WebSocketTests : IAsyncLifetime
{
    private static readonly byte[] Connect = Packets.Connect("ws", 4);

    private GatewayHost? _host;

    public async Task InitializeAsync()
        => _host = await GatewayHost.StartAsync(
            new GatewayOptions { MqttPort = GatewayOptions.Any, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off, HttpPort = GatewayOptions.Any },
            new GatewaySetup
            {
                Bridge = new FakeBridge(),
                Log = NullLoggerProvider.Instance,
                Configuration = new ConfigurationBuilder().Build(),
            });

    public async Task DisposeAsync() => await _host!.DisposeAsync();

    [Fact]
    public async Task The_sub_protocol_mqtt_is_chosen_and_none_is_refused()
    {
        using ClientWebSocket socket = await OpenAsync("other", "mqtt");
        Assert.Equal("mqtt", socket.SubProtocol);
        await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync("other"));
        await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync());
    }

    [Fact]
    public async Task Packets_may_span_frames_and_share_them()
    {
        using ClientWebSocket socket = await OpenAsync("mqtt");
        foreach (byte one in Connect)
            await SendAsync(socket, [one]);
        Assert.Equal("20020000", await ReadAsync(socket, 4));
        await SendAsync(socket, [0xC0, 0, 0xC0, 0, 0xC0]);
        Assert.Equal("D000D000", await ReadAsync(socket, 4));
        await SendAsync(socket, [0]);
        Assert.Equal("D000", await ReadAsync(socket, 2));
    }

    [Fact]
    public async Task A_text_frame_closes_the_connection()
    {
        using ClientWebSocket socket = await OpenAsync("mqtt");
        await SendAsync(socket, Connect);
        Assert.Equal("20020000", await ReadAsync(socket, 4));
        await socket.SendAsync(new byte[] { 0xC0, 0 }, WebSocketMessageType.Text, true, CancellationToken.None);
        Assert.Equal(string.Empty, await ReadAsync(socket, 1));
    }

    private static Task SendAsync(ClientWebSocket socket, byte[] bytes)
        => socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

    /// <summary>So many bytes of binary frames; fewer when the server closes before.</summary>
    private static async Task<string> ReadAsync(ClientWebSocket socket, int count)
    {
        byte[] bytes = new byte[count];
        int read = 0;
        while (read < count)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                result = await socket.ReceiveAsync(bytes.AsMemory(read), CancellationToken.None).Within("a frame of the server");
            }
            catch (WebSocketException)
            {
                break;
            }

            if (result.MessageType == WebSocketMessageType.Close)
                break;
            Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
            read += result.Count;
        }

        return Convert.ToHexString(bytes.AsSpan(0, read));
    }

    private async Task<ClientWebSocket> OpenAsync(params string[] protocols)
    {
        var socket = new ClientWebSocket();
        try
        {
            foreach (string protocol in protocols)
                socket.Options.AddSubProtocol(protocol);
            await socket.ConnectAsync(new UriBuilder(_host!.Endpoints.HttpAddress!) { Scheme = "ws", Path = "/mqtt" }.Uri, CancellationToken.None).Within("the WebSocket is open");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
