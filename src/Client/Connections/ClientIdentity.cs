using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>Who this client is to brokers: <c>address@instance</c>.</summary>
internal static class ClientIdentity
{
    private static int _count;

    /// <summary>An address of this host that others could know it by; loopback when it has no other.</summary>
    public static IPAddress HostAddress { get; } = FindHostAddress();

    public static string MakeInstanceName()
        => string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}#{Environment.TickCount64}#{Interlocked.Increment(ref _count)}");

    public static string MakeClientId(string instanceName) => $"{HostAddress}@{instanceName}";

    private static IPAddress FindHostAddress()
    {
        try
        {
            foreach (NetworkInterface card in NetworkInterface.GetAllNetworkInterfaces())
            {
                if (card.OperationalStatus != OperationalStatus.Up || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                {
                    continue;
                }

                foreach (UnicastIPAddressInformation address in card.GetIPProperties().UnicastAddresses)
                {
                    if (address.Address.AddressFamily == AddressFamily.InterNetwork)
                    {
                        return address.Address;
                    }
                }
            }
        }
        catch (NetworkInformationException)
        {
            // A sandbox may forbid the look: the instance name alone tells clients apart then.
        }

        return IPAddress.Loopback;
    }
}
