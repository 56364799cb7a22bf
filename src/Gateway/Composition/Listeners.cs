using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ProtoBridgeMQ.Sockets;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>The endpoints that Kestrel was given; after the start they know their ports.</summary>
internal sealed class Listeners
{
    public ListenOptions? Mqtt { get; set; }

    public ListenOptions? Http { get; set; }

    public ListenOptions? Mqtts { get; set; }

    public ListenOptions? Https { get; set; }

    public ListenOptions? NameServer { get; set; }

    public ListenOptions? Broker { get; set; }

    /// <summary>
    /// Gives a protocol its endpoint. Its handler is made when the first connection comes: endpoints are configured
    /// before the store and the bridge are open.
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="port">Where it listens; 0 for a free port.</param>
    /// <param name="isDirect">Whether nothing of Kestrel stands between the socket and the protocol: then its loop serves a
    /// connection from the first moment on.</param>
    /// <param name="remember">Told of the endpoint.</param>
    public static void Listen<THandler>(KestrelServerOptions kestrel, IPAddress address, int port, bool isDirect, Action<ListenOptions> remember)
        where THandler : ConnectionHandler
    {
        Task Serve(ConnectionContext connection) => kestrel.ApplicationServices.GetRequiredService<THandler>().OnConnectedAsync(connection);
        kestrel.Listen(new LoopEndPoint(address, port) { Serve = isDirect ? Serve : null }, endpoint =>
        {
            remember(endpoint);
            endpoint.Run(Serve);
        });
    }

    public GatewayEndpoints Bound => new(Mqtt?.IPEndPoint, Http?.IPEndPoint, NameServer?.IPEndPoint, Broker?.IPEndPoint, Mqtts?.IPEndPoint, Https?.IPEndPoint);
}
