using System.ComponentModel.DataAnnotations;
using System.Net;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What the settings of the process must keep together.</summary>
internal static class GatewayRules
{
    /// <summary>Refuses options that cannot work, or would open the process to strangers unasked.</summary>
    /// <exception cref="GatewayStartException">In one line, with what to do.</exception>
    public static void Check(GatewayOptions options, bool hasAccessControl, bool hasCertificate)
    {
        List<ValidationResult> wrong = [];
        if (!Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true))
            throw Wrong(wrong[0].ErrorMessage ?? "An option is not possible.");

        if (!IPAddress.TryParse(options.Listen, out IPAddress? address))
            throw Wrong($"--listen {options.Listen}: it must be an IP address, such as 127.0.0.1, 0.0.0.0 or ::");

        if (!IPAddress.IsLoopback(address) && !options.AllowAnonymous && !hasAccessControl)
        {
            throw Wrong(
                $"--listen {options.Listen} lets other machines connect, and no access control is set up: "
                + "listen on loopback, set it up (docs/access.md), or say --allow-anonymous if anybody may publish and read.");
        }

        if (!IPAddress.TryParse(RemotingListen(options, hasAccessControl), out IPAddress? remoting))
            throw Wrong($"--remoting-listen {options.RemotingListen}: it must be an IP address, such as 127.0.0.1, 0.0.0.0 or ::");

        if (!IPAddress.IsLoopback(remoting) && !options.AllowAnonymous && !hasAccessControl)
            throw Wrong($"--remoting-listen {options.RemotingListen} lets other machines connect to name server and broker, which have no access control: say --allow-anonymous if anybody may.");

        if (!hasCertificate && (options.MqttsPort is not (null or GatewayOptions.Off) || options.HttpsPort is not (null or GatewayOptions.Off)))
            throw Wrong("--mqtts-port and --https-port need a certificate: set tls.certificate (docs/access.md).");

        CheckPorts(options);
        if (options.IsCluster)
            CheckNameServers(options.Namesrv);
    }

    /// <summary>
    /// Where name server and broker listen. They know no users: with access control they are kept to this machine,
    /// unless somebody names another address.
    /// </summary>
    public static string RemotingListen(GatewayOptions options, bool hasAccessControl)
    {
        if (options.RemotingListen.Length > 0)
            return options.RemotingListen;

        IPAddress listen = IPAddress.Parse(options.Listen);
        return !hasAccessControl || IPAddress.IsLoopback(listen) ? options.Listen : "127.0.0.1";
    }

    private static void CheckPorts(GatewayOptions options)
    {
        List<(string Option, int Port)> ports = 
        [
            ("--mqtt-port", options.MqttPort), ("--mqtts-port", options.MqttsPort ?? GatewayOptions.Off),
            ("--http-port", options.HttpPort), ("--https-port", options.HttpsPort ?? GatewayOptions.Off),
        ];
        if (!options.IsCluster)
            ports.AddRange([("--namesrv-port", options.NamesrvPort), ("--broker-port", options.BrokerPort)]);

        if (ports.TrueForAll(port => port.Port == GatewayOptions.Off))
            throw Wrong("Every port is 0: there is nothing to start.");

        foreach (IGrouping<int, (string Option, int Port)> same in ports.Where(port => port.Port > 0).GroupBy(port => port.Port))
        {
            if (same.Count() > 1)
                throw Wrong($"{string.Join(" and ", same.Select(port => port.Option))} are both {same.Key}: give each its own port.");
        }
    }

    private static void CheckNameServers(string list)
    {
        foreach (string server in list.Split(';', StringSplitOptions.TrimEntries))
        {
            int colon = server.LastIndexOf(':');
            if (colon <= 0 || !ushort.TryParse(server.AsSpan(colon + 1), out ushort port) || port == 0)
                throw Wrong($"--namesrv: '{server}' is no host:port; separate several by semicolons.");
        }
    }

    private static GatewayStartException Wrong(string message) => new(GatewayStartException.WrongUsage, message);
}
