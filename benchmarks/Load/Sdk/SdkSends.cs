using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Benchmarks.Load.Sdk;

/// <summary>Sends by the SDK's producer: so many calls are always awaited.</summary>
internal static class SdkSends
{
    /// <summary>Sends for a while.</summary>
    /// <returns>Acknowledged messages a second.</returns>
    public static async Task<double> RunAsync(string nameServers, string topic, int size, int inFlight, double warmup, double seconds)
    {
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        var message = new Message(topic, new byte[size]);
        await producer.SendAsync(message);
        Phase phase = Phase.StartNow(warmup, seconds);
        long[] counts = await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(() => LoopAsync(producer, message, phase))));
        return counts.Sum() / phase.Seconds;
    }

    private static async Task<long> LoopAsync(Producer producer, Message message, Phase phase)
    {
        long counted = 0;
        long now;
        while ((now = TimeProvider.System.GetTimestamp()) < phase.End)
        {
            await producer.SendAsync(message);
            counted += now >= phase.Counted ? 1 : 0;
        }

        return counted;
    }
}
