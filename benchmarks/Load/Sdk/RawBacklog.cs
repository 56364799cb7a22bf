using ProtoBridgeMQ.Benchmarks.Load.Remoting;

namespace ProtoBridgeMQ.Benchmarks.Load.Sdk;

/// <summary>Pulls all that a topic has, 32 messages at a time, one connection for each queue, and looks at no message.</summary>
internal static class RawBacklog
{
    /// <summary>Pulls the topic to its end.</summary>
    /// <returns>Messages a second.</returns>
    public static async Task<double> RunAsync(int port, string topic, int queues)
    {
        long start = TimeProvider.System.GetTimestamp();
        long[] read = await Task.WhenAll(Enumerable.Range(0, queues).Select(queue => Task.Run(() => PullAsync(port, topic, queue))));
        return read.Sum() / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<long> PullAsync(int port, string topic, int queue)
    {
        using RemotingExchange exchange = await RemotingExchange.ConnectAsync(port, SendFrame.Pull(topic, queue, 0));
        long offset = 0;
        // The first answer that is no success is the end of the queue.
        while (await exchange.ExchangeAsync())
        {
            offset = PullAnswer.NextOffset(exchange.Answer);
            exchange.Use(SendFrame.Pull(topic, queue, offset));
        }

        return offset;
    }
}
