using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Mqtt.WebSockets;

/// <summary>MQTT over WebSocket: <c>GET /mqtt</c> with the sub-protocol <c>mqtt</c> [MQTT-6.0.0-3] [MQTT-6.0.0-4].</summary>
internal sealed class WebSocketRoute(MqttFront front, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const int Buffer = 64 << 10;

    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);
    private static readonly string[] Protocols = ["mqtt", "mqttv3.1"];

    private readonly string[] _origins = options.Value.WebSocketOrigins.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Serves a client for as long as it is connected.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await RefuseAsync(context, StatusCodes.Status426UpgradeRequired, "This is MQTT over WebSocket.");
            return;
        }

        if (!IsOwnOrAllowed(context.Request))
        {
            metrics.RefusedConnect("origin");
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Pages of this origin may not connect (mqtt.webSocketOrigins).");
            return;
        }

        if (Array.Find(Protocols, context.WebSockets.WebSocketRequestedProtocols.Contains) is not { } protocol)
        {
            metrics.RefusedConnect("sub-protocol");
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "The sub-protocol must be mqtt.");
            return;
        }

        // Keep-alive is MQTT's own.
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = protocol, KeepAliveInterval = TimeSpan.Zero });
        var transport = new WebSocketTransport(socket, Buffer, clock);
        IPEndPoint? remote = context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : null;
        // What comes through the connection in hours is no part of the request that opened it.
        Activity.Current = null;
        Task served = front.ServeAsync(transport, context.Connection.Id, remote, transport.Abort, lifetime.ApplicationStopping, context.Connection.ClientCertificate);
        await transport.RunAsync(Goodbye, served);
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(why);
    }

    /// <summary>A browser says whose page it is; other clients say nothing, or name this server.</summary>
    private bool IsOwnOrAllowed(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        int start = origin.IndexOf("://", StringComparison.Ordinal);
        return origin.Length == 0
            || _origins.Contains("*")
            || _origins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            || (start > 0 && origin.AsSpan(start + 3).Equals(request.Headers.Host.ToString(), StringComparison.OrdinalIgnoreCase));
    }
}
