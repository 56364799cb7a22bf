using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>The endpoints that Kestrel was given; after the start they know their ports.</summary>
internal sealed class Listeners
{
    public ListenOptions? Mqtt { get; set; }

    public ListenOptions? Http { get; set; }

    public ListenOptions? NameServer { get; set; }

    public ListenOptions? Broker { get; set; }

    public GatewayEndpoints Bound => new(Mqtt?.IPEndPoint, Http?.IPEndPoint, NameServer?.IPEndPoint, Broker?.IPEndPoint);
}
