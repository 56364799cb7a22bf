using System.Net;
using Microsoft.AspNetCore.Connections;

namespace ProtoBridgeMQ.Sockets;

/// <summary>An address whose connections are served by event loops, where the system has them, and by Kestrel's own sockets elsewhere.</summary>
public sealed class LoopEndPoint(IPAddress address, int port) : IPEndPoint(address, port)
{
    /// <summary>
    /// Serves a connection from its first moment on its loop's thread, without Kestrel in between; null: Kestrel's connection
    /// handler does. It needs no middleware of Kestrel, such as TLS, and must not block.
    /// </summary>
    public ConnectionDelegate? Serve { get; init; }
}
