using System.ComponentModel.DataAnnotations;
using System.Net;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What the settings of the process must keep together.</summary>
internal static class GatewayRules
{
    /// <summary>Refuses options that cannot work, or would open the process to strangers unasked.</summary>
    /// <exception cref="GatewayStartException">In one line, with what to do.</exception>
    public static void Check(GatewayOptions options)
    {
        List<ValidationResult> wrong = [];
        if (!Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true))
            throw Wrong(wrong[0].ErrorMessage ?? "An option is not possible.");

        if (!IPAddress.TryParse(options.Listen, out IPAddress? address))
            throw Wrong($"--listen {options.Listen}: it must be an IP address, such as 127.0.0.1, 0.0.0.0 or ::");

        if (!IPAddress.IsLoopback(address) && !options.AllowAnonymous)
        {
            throw Wrong(
                $"--listen {options.Listen} lets other machines connect, and this version has no access control: "
                + "listen on loopback, or say --allow-anonymous if anybody may publish and read.");
        }

        CheckPorts(options);
        if (options.IsCluster)
            CheckNameServers(options.Namesrv);
    }

    private static void CheckPorts(GatewayOptions options)
    {
        List<(string Option, int Port)> ports = [("--mqtt-port", options.MqttPort), ("--http-port", options.HttpPort)];
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
