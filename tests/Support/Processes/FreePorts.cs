using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>
/// Ports for a child process that must be told which. Taken below the range from which the kernel takes the ports of
/// outgoing connections, so that nobody gets one between the look and the use.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that nobody listens on, given out once.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                int port = RandomNumberGenerator.GetInt32(First, Last);
                if (IsFree(port) && Given.Add(port))
                {
                    return port;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
