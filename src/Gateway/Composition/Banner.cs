using System.Globalization;
using System.Net;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What a person sees once everything listens: where to connect, and what an acknowledgement is worth.</summary>
internal static class Banner
{
    private const int NameWidth = 13;
    private const int AddressWidth = 24;

    /// <summary>The banner of a running host.</summary>
    public static string Write(GatewayHost host, TimeSpan took)
        => Write(host.Endpoints, host.Options, host.Bridge.Capabilities.Cluster, host.Bridge.Capabilities.Durability, Version, took, host.HasAccessControl);

    /// <summary>The banner of these facts.</summary>
    public static string Write(GatewayEndpoints endpoints, GatewayOptions options, string cluster, string durability, string version, TimeSpan took, bool hasAccessControl = false)
    {
        var text = new StringBuilder();
        text.Append("ProtoBridgeMQ ").AppendLine(version);
        Endpoint(text, "MQTT", endpoints.Mqtt, string.Empty, "3.1.1 and 5");
        if (endpoints.Mqtts is not null)
            Endpoint(text, "MQTT, TLS", endpoints.Mqtts, string.Empty, "3.1.1 and 5");

        Endpoint(text, "HTTP", endpoints.Http, "http://", "/v1 /swagger /healthz /readyz /metrics");
        if (endpoints.Https is not null)
            Endpoint(text, "HTTP, TLS", endpoints.Https, "https://", "the same, encrypted");

        if (!options.IsCluster)
        {
            Endpoint(text, "Name server", endpoints.NameServer, string.Empty, "RocketMQ remoting");
            Endpoint(text, "Broker", endpoints.Broker, string.Empty, "RocketMQ remoting");
            Line(text, "Data", Path.GetFullPath(options.Data));
        }

        Line(text, "Durability", InWords(durability));
        Line(text, "Cluster", cluster);
        if (hasAccessControl)
            Line(text, "Access", "as docs/access.md says, on MQTT and HTTP" + (options.AllowAnonymous ? "; anonymous clients too, as far as the rules go" : string.Empty));
        else if (!IPAddress.IsLoopback(IPAddress.Parse(options.Listen)))
            Line(text, "Access", "anybody who reaches " + options.Listen + " may publish and read (--allow-anonymous)");

        text.Append(CultureInfo.InvariantCulture, $"ready after {took.TotalMilliseconds:0} ms").AppendLine();
        return text.ToString();
    }

    private static string Version => typeof(Banner).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static string InWords(string durability) => durability switch
    {
        "fsync" => "fsync: acknowledged messages are on disk and survive a power cut",
        "async" => "async: acknowledged messages survive this process; a power cut may lose the last ones",
        "cluster" => "as the brokers of the cluster are configured",
        _ => durability,
    };

    private static void Endpoint(StringBuilder text, string name, IPEndPoint? endpoint, string scheme, string what)
        => Line(text, name, endpoint is null ? "off" : (scheme + endpoint).PadRight(AddressWidth) + " " + what);

    private static void Line(StringBuilder text, string name, string value)
        => text.Append("  ").Append(name.PadRight(NameWidth)).AppendLine(value);
}
