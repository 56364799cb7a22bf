using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Reports;

namespace ProtoBridgeMQ.Benchmarks.Load;

/// <summary>One scenario against one target with one number of senders and one size.</summary>
/// <param name="Target">The server.</param>
/// <param name="Scenario">What is measured.</param>
/// <param name="Senders">Connections that send.</param>
/// <param name="Size">Bytes of a body.</param>
/// <param name="Options">For how long.</param>
internal sealed record Measurement(Target Target, string Scenario, int Senders, int Size, LoadOptions Options)
{
    /// <summary>Synchronous senders: as fast as they can, then at a share of that.</summary>
    public async Task<IReadOnlyList<Result>> RunAsync(Func<int, Task<IExchange>> connect)
    {
        IExchange[] exchanges = await Task.WhenAll(Enumerable.Range(0, Senders).Select(connect));
        try
        {
            double cpu = Target.CpuSeconds;
            (Tally tally, Phase phase) = await Measuring.Senders.ClosedAsync(exchanges, Options.Warmup, Options.Seconds);
            Result closed = ToResult(tally, phase, 0, null, Target.CpuSeconds - cpu);
            if (Options.Share <= 0)
            {
                return [closed];
            }

            double rate = Math.Max(1, closed.PerSecond * Options.Share);
            cpu = Target.CpuSeconds;
            (tally, phase, Histogram lag) = await Measuring.Senders.OpenAsync(exchanges, rate, Options.Warmup, Options.Seconds);
            return [closed, ToResult(tally, phase, rate, lag, Target.CpuSeconds - cpu)];
        }
        finally
        {
            foreach (IExchange exchange in exchanges)
            {
                exchange.Dispose();
            }
        }
    }

    /// <summary>Makes a result of what was counted.</summary>
    /// <param name="tally">Times and errors.</param>
    /// <param name="phase">When.</param>
    /// <param name="rate">Requests a second that were due; 0 in a closed loop.</param>
    /// <param name="lag">The error of the instrument.</param>
    /// <param name="cpuSeconds">Processor time of the server, warm-up included.</param>
    public Result ToResult(Tally tally, Phase phase, double rate, Histogram? lag, double cpuSeconds)
    {
        Histogram times = tally.Times;
        double perSecond = times.Count / phase.Seconds;
        double total = perSecond * (Options.Warmup + Options.Seconds);
        return new Result
        {
            Scenario = Scenario,
            Target = Target.Name,
            Flush = Target.Flush,
            Loop = rate > 0 ? "open" : "closed",
            Senders = Senders,
            Size = Size,
            Rate = Math.Round(rate),
            Count = times.Count,
            Errors = tally.Errors,
            PerSecond = Math.Round(perSecond),
            P50 = Math.Round(times.Percentile(0.5), 1),
            P90 = Math.Round(times.Percentile(0.9), 1),
            P99 = Math.Round(times.Percentile(0.99), 1),
            P999 = Math.Round(times.Percentile(0.999), 1),
            Max = Math.Round(times.Max, 1),
            LagP99 = lag is null ? 0 : Math.Round(lag.Percentile(0.99), 1),
            ServerCpuPerMillion = total > 0 ? Math.Round(cpuSeconds / total * 1e6, 1) : 0,
        };
    }
}
