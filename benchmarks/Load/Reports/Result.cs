namespace ProtoBridgeMQ.Benchmarks.Load.Reports;

/// <summary>One measurement. Times are in microseconds.</summary>
internal sealed record Result
{
    /// <summary>remoting-send, http-post or mqtt-qos1.</summary>
    public required string Scenario { get; init; }

    /// <summary>gateway or floor.</summary>
    public required string Target { get; init; }

    /// <summary>fsync, async or none.</summary>
    public required string Flush { get; init; }

    /// <summary>closed (as fast as answers come) or open (at a fixed rate).</summary>
    public required string Loop { get; init; }

    /// <summary>Connections that send.</summary>
    public required int Senders { get; init; }

    /// <summary>Bytes of a body.</summary>
    public required int Size { get; init; }

    /// <summary>Requests a second that were due; 0 in a closed loop.</summary>
    public double Rate { get; init; }

    /// <summary>Requests counted.</summary>
    public long Count { get; init; }

    /// <summary>Answers that were no success, and messages that did not arrive.</summary>
    public long Errors { get; init; }

    /// <summary>Requests a second.</summary>
    public double PerSecond { get; init; }

    public double P50 { get; init; }

    public double P90 { get; init; }

    public double P99 { get; init; }

    public double P999 { get; init; }

    public double Max { get; init; }

    /// <summary>How late the instrument itself was at the 99th percentile; 0 in a closed loop.</summary>
    public double LagP99 { get; init; }

    /// <summary>Seconds of processor time of the server for a million requests.</summary>
    public double ServerCpuPerMillion { get; init; }
}
