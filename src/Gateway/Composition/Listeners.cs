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
    public static void Listen<THandler>(KestrelServerOptions kestrel, IPAddress address, int port, Action<ListenOptions> remember)
        where THandler : ConnectionHandler
        => kestrel.Listen(new LoopEndPoint(address, port), endpoint =>
        {
            remember(endpoint);
            endpoint.Run(connection => endpoint.ApplicationServices.GetRequiredService<THandler>().OnConnectedAsync(connection));
        });

    public GatewayEndpoints Bound => new(Mqtt?.IPEndPoint, Http?.IPEndPoint, NameServer?.IPEndPoint, Broker?.IPEndPoint, Mqtts?.IPEndPoint, Https?.IPEndPoint);
}
