using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>
/// Whether a webhook may go to an address. Names are looked up when the connection is made, and what they say then is judged: a name that
/// points to the inside later is refused, too.
/// </summary>
internal static class AddressPolicy
{
    /// <summary>Connects to a host as far as that is allowed.</summary>
    /// <exception cref="HttpRequestException">None of its addresses is allowed.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowsPrivate, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(host.Host, cancellationToken);
        if (!allowsPrivate)
            addresses = [.. addresses.Where(IsPublic)];

        if (addresses.Length == 0)
            throw new HttpRequestException("The address is a private one, which webhooks may not go to (http.webhookPrivateAddresses).");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether an address is one of the public network.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();

        if (IPAddress.IsLoopback(address))
            return false;

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? bytes[0] switch
            {
                0 or 10 or 127 or >= 224 => false,
                100 => bytes[1] is < 64 or > 127,
                169 => bytes[1] != 254,
                172 => bytes[1] is < 16 or > 31,
                192 => !(bytes[1] == 168 || (bytes[1] == 0 && bytes[2] is 0 or 2)),
                198 => bytes[1] is not (18 or 19) && !(bytes[1] == 51 && bytes[2] == 100),
                203 => !(bytes[1] == 0 && bytes[2] == 113),
                _ => true,
            }
            // The public ones begin with 001; 64:ff9b::/96 and 2002::/16 hide IPv4 addresses, 2001:db8::/32 is for documents.
            : (bytes[0] & 0xE0) == 0x20 && !(bytes[0] == 0x20 && bytes[1] == 0x02) && !(bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0D && bytes[3] == 0xB8);
    }
}
