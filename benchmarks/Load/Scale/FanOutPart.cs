using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>One publisher and very many subscribers, QoS 0. The publisher keeps a bounded number of deliveries on their way, and none is lost.</summary>
internal sealed class FanOutPart(Target server, ScaleOptions options)
{
    private const int Ahead = 100;
    private const int Burst = 10;
    private const int SubscribeAcknowledgement = 9;

    private long _received;

    public async Task<IReadOnlyList<ScaleRow>> RunAsync()
    {
        var open = new ScaleClient[options.Subscribers];
        try
        {
            await ScaleWork.EachAsync(open.Length, 8, i =>
            {
                open[i] = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name("fan-", i));
                open[i].Send(MqttPackets.SubscribePacket(["fan/out"], qos: 0));
                open[i].Expect(SubscribeAcknowledgement);
            });
            foreach (ScaleClient client in open)
                _ = ScaleWork.DrainAsync(client, count => Interlocked.Add(ref _received, count));
            byte[] packet = MqttPackets.PublishPacketQos0("fan/out", ScaleWork.Size);
            byte[] burst = [.. Enumerable.Repeat(packet, Burst).SelectMany(bytes => bytes)];
            using ScaleClient publisher = ScaleClient.Open(server.Ports.Mqtt, "publisher");
            long sent = await PublishAsync(publisher, burst, packet.Length, 0, 1);
            long from = sent;
            double cpu = server.CpuSeconds;
            long start = TimeProvider.System.GetTimestamp();
            sent = await PublishAsync(publisher, burst, packet.Length, sent, options.Seconds);
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            cpu = server.CpuSeconds - cpu;
            double deliveries = (double)(sent - from) * open.Length;
            return
            [
                Row("subscribers", open.Length, string.Empty),
                Row("deliveries", deliveries / seconds, "/s"),
                Row("publishes", (sent - from) / seconds, "/s"),
                Row("server's processor for 1,000 deliveries", cpu / deliveries * 1e9, "us"),
                Row("deliveries lost", ((double)sent * open.Length) - (Volatile.Read(ref _received) / (double)packet.Length), string.Empty),
            ];
        }
        finally
        {
            foreach (ScaleClient? client in open)
                client?.Dispose();
        }
    }

    /// <summary>Publishes for a time and waits for all deliveries, five seconds at most.</summary>
    private async Task<long> PublishAsync(ScaleClient publisher, byte[] burst, int size, long sent, double seconds)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
        {
            if (sent - (Volatile.Read(ref _received) / size / options.Subscribers) > Ahead)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                continue;
            }

            publisher.Send(burst);
            sent += Burst;
        }

        long all = sent * options.Subscribers * size;
        while (Volatile.Read(ref _received) < all && TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds + 5)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        return sent;
    }

    private ScaleRow Row(string measure, double value, string unit) => new("fanout", server.Name, measure, value, unit);
}
