namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>How much of everything.</summary>
internal sealed record ScaleOptions
{
    /// <summary>idle, filters, away, backlog, fanout, latency.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>gateway, mosquitto.</summary>
    public required IReadOnlyList<string> Servers { get; init; }

    /// <summary>The program.</summary>
    public required string Mosquitto { get; init; }

    /// <summary>Idle connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Wildcard subscriptions of connected clients.</summary>
    public required int Filters { get; init; }

    /// <summary>Sessions that are away.</summary>
    public required int Sessions { get; init; }

    /// <summary>Subscriptions of each of them.</summary>
    public required int FiltersOfSession { get; init; }

    /// <summary>Messages that wait for one session.</summary>
    public required int Backlog { get; init; }

    /// <summary>Subscribers of one publisher.</summary>
    public required int Subscribers { get; init; }

    /// <summary>Seconds that are counted where it is time that ends a part.</summary>
    public required double Seconds { get; init; }

    /// <summary>Where the JSON goes.</summary>
    public string? Out { get; init; }
}
