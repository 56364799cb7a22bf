using System.Threading.Channels;

namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>Runs synchronous senders, one connection each: as fast as the answers come, or at a fixed rate.</summary>
internal static class Senders
{
    /// <summary>Every sender asks again as soon as it was answered. The time counts from the request.</summary>
    public static async Task<(Tally Tally, Phase Phase)> ClosedAsync(IReadOnlyList<IExchange> exchanges, double warmup, double seconds)
    {
        Phase phase = Phase.StartNow(warmup, seconds);
        Tally[] tallies = await Task.WhenAll(exchanges.Select(exchange => Task.Run(() => ClosedLoopAsync(exchange, phase))));
        return (Sum(tallies), phase);
    }

    /// <summary>Requests are due at a fixed rate. The time counts from when a request was due.</summary>
    public static async Task<(Tally Tally, Phase Phase, Histogram Lag)> OpenAsync(
        IReadOnlyList<IExchange> exchanges, double perSecond, double warmup, double seconds)
    {
        var pacer = new Pacer(exchanges.Count, perSecond);
        Phase phase = Phase.StartNow(warmup, seconds);
        Task paced = pacer.RunAsync(phase.Begin, phase.End);
        Tally[] tallies = await Task.WhenAll(exchanges.Select(
            (exchange, i) => Task.Run(() => OpenLoopAsync(exchange, pacer.DueTimes(i), phase))));
        await paced;
        return (Sum(tallies), phase, pacer.Lag);
    }

    private static async Task<Tally> ClosedLoopAsync(IExchange exchange, Phase phase)
    {
        var tally = new Tally();
        long start = TimeProvider.System.GetTimestamp();
        while (start < phase.End)
        {
            bool good = await exchange.ExchangeAsync();
            long end = TimeProvider.System.GetTimestamp();
            if (start >= phase.Counted && end <= phase.End)
            {
                Take(tally, good, start, end);
            }

            start = end;
        }

        return tally;
    }

    private static async Task<Tally> OpenLoopAsync(IExchange exchange, ChannelReader<long> dueTimes, Phase phase)
    {
        var tally = new Tally();
        while (await dueTimes.WaitToReadAsync())
        {
            while (dueTimes.TryRead(out long due))
            {
                bool good = await exchange.ExchangeAsync();
                if (due >= phase.Counted)
                {
                    Take(tally, good, due, TimeProvider.System.GetTimestamp());
                }
            }
        }

        return tally;
    }

    private static void Take(Tally tally, bool good, long start, long end)
    {
        if (good)
        {
            tally.Times.Record(TimeProvider.System.GetElapsedTime(start, end));
        }
        else
        {
            tally.Errors++;
        }
    }

    private static Tally Sum(Tally[] tallies)
    {
        var sum = new Tally();
        foreach (Tally tally in tallies)
        {
            sum.Add(tally);
        }

        return sum;
    }
}
