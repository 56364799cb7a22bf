using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Reports;

namespace ProtoBridgeMQ.Benchmarks.Load.Mqtt;

/// <summary>Pairs of one publisher and one subscriber at work at one time.</summary>
internal static class MqttPairs
{
    /// <summary>Publishes as fast as the pairs' windows allow, or at a fixed rate with times counted from when a message was due.</summary>
    /// <param name="measurement">Where, and how many pairs.</param>
    /// <param name="rate">Messages a second of all pairs; 0 for as fast as possible.</param>
    public static async Task<Result> PublishAsync(Measurement measurement, double rate)
    {
        MqttPair[] pairs = await Task.WhenAll(Enumerable.Range(0, measurement.Senders).Select(
            i => MqttPair.OpenAsync(measurement.Target.Ports.Mqtt, $"load-mqtt/{i}", measurement.Size, $"{rate:0}-{measurement.Size}-{i}")));
        double cpu = measurement.Target.CpuSeconds;
        Pacer? pacer = rate > 0 ? new Pacer(pairs.Length, rate) : null;
        Phase phase = Phase.StartNow(measurement.Options.Warmup, measurement.Options.Seconds);
        Task paced = pacer?.RunAsync(phase.Begin, phase.End) ?? Task.CompletedTask;
        Tally[] tallies = await Task.WhenAll(pairs.Select((pair, i) => Task.Run(() => pair.RunAsync(pacer?.DueTimes(i), phase))));
        await paced;
        var sum = new Tally();
        foreach (Tally tally in tallies)
        {
            sum.Add(tally);
        }

        foreach (MqttPair pair in pairs)
        {
            sum.Errors += pair.Missing;
            pair.Dispose();
        }

        return measurement.ToResult(sum, phase, rate, pacer?.Lag, measurement.Target.CpuSeconds - cpu);
    }
}
