using System.Net;

namespace ProtoBridgeMQ.Sockets;

/// <summary>An address whose connections are served by event loops, where the system has them, and by Kestrel's own sockets elsewhere.</summary>
public sealed class LoopEndPoint(IPAddress address, int port) : IPEndPoint(address, port);
