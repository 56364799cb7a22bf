namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>The ports of one gateway process.</summary>
public sealed record GatewayPorts(int Mqtt, int Http, int NameServer, int Broker)
{
    /// <summary>Four ports that nobody listens on.</summary>
    public static GatewayPorts Free() => new(FreePorts.Next(), FreePorts.Next(), FreePorts.Next(), FreePorts.Next());
}
