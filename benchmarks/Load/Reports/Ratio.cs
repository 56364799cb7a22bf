namespace ProtoBridgeMQ.Benchmarks.Load.Reports;

/// <summary>The gateway against the floor of the same run.</summary>
/// <param name="Scenario">What was measured.</param>
/// <param name="Flush">When the gateway acknowledged.</param>
/// <param name="Senders">Connections.</param>
/// <param name="Size">Bytes of a body.</param>
/// <param name="Throughput">Requests a second, as a share of the floor's.</param>
/// <param name="P50">Median time, as a multiple of the floor's.</param>
/// <param name="P99">99th percentile, as a multiple of the floor's.</param>
internal sealed record Ratio(string Scenario, string Flush, int Senders, int Size, double Throughput, double P50, double P99)
{
    /// <summary>Pairs closed-loop results with their floor.</summary>
    public static IReadOnlyList<Ratio> Of(IReadOnlyList<Result> results)
    {
        Result[] closed = [.. results.Where(result => result.Loop == "closed")];
        return
        [
            .. from gateway in closed
               where gateway.Target == "gateway"
               let floor = Array.Find(closed, other => other.Target == "floor" && other.Scenario == gateway.Scenario
                   && other.Senders == gateway.Senders && other.Size == gateway.Size)
               where floor is not null
               select new Ratio(gateway.Scenario, gateway.Flush, gateway.Senders, gateway.Size,
                   Divide(gateway.PerSecond, floor.PerSecond), Divide(gateway.P50, floor.P50), Divide(gateway.P99, floor.P99)),
        ];
    }

    private static double Divide(double value, double by) => by > 0 ? Math.Round(value / by, 3) : 0;
}
