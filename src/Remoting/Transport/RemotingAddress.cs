using System.Globalization;
using System.Net;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Reads the "host:port" in which RocketMQ names its servers.</summary>
public static class RemotingAddress
{
    /// <summary>Parses a name or an IP address with a port; IPv6 stands in brackets.</summary>
    public static bool TryParse(string? text, out EndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > 65535)
        {
            return false;
        }
        var host = text![..colon].Trim('[', ']');
        if (host.Length == 0)
            return false;
        endPoint = IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
        return true;
    }
}
