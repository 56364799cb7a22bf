using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>
/// Finds a port for what must know its own before it listens: the broker's is part of message ids, the name server's
/// is what the broker registers at.
/// </summary>
internal static class FreePort
{
    /// <summary>The port itself, or a free one in the place of <see cref="GatewayOptions.Any"/>.</summary>
    public static int Of(int port, IPAddress address)
    {
        if (port != GatewayOptions.Any)
            return port;

        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
