namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>How a gateway process is started.</summary>
public sealed record GatewaySettings
{
    /// <summary>The data directory; without one, a temporary one that goes away with the process.</summary>
    public string? Data { get; init; }

    /// <summary>The ports; without them, free ones.</summary>
    public GatewayPorts? Ports { get; init; }

    /// <summary>Name servers of a cluster to front instead of the embedded broker.</summary>
    public string? NameServers { get; init; }

    /// <summary>What stands in <c>gateway.json</c>, such as limits of the parts; without it, there is no such file.</summary>
    public string? Configuration { get; init; }

    /// <summary>Files that it may have open, by <c>prlimit</c>; null for as many as this process.</summary>
    public int? OpenFiles { get; init; }

    /// <summary>More arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables, such as <c>PROTOBRIDGE_...</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
