namespace ProtoBridgeMQ.Benchmarks.Load;

/// <summary>What to measure and for how long.</summary>
internal sealed record LoadOptions
{
    /// <summary>remoting, mqtt, http, http-batch.</summary>
    public required IReadOnlyList<string> Scenarios { get; init; }

    /// <summary>gateway, floor.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Connections that send.</summary>
    public required IReadOnlyList<int> Senders { get; init; }

    /// <summary>Bytes of a body.</summary>
    public required IReadOnlyList<int> Sizes { get; init; }

    /// <summary>fsync, async.</summary>
    public required IReadOnlyList<string> FlushModes { get; init; }

    /// <summary>Seconds before counting.</summary>
    public required double Warmup { get; init; }

    /// <summary>Seconds that are counted.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rate of the open loop as a share of what the closed loop reached; 0 leaves the open loop out.</summary>
    public required double Share { get; init; }

    /// <summary>Whether request headers are in the binary form.</summary>
    public required bool Binary { get; init; }

    /// <summary>Where the JSON goes.</summary>
    public string? Out { get; init; }
}
