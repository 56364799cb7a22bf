using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>Wildcard subscriptions of connected clients: what a publish costs with very many of them. One of them matches each message.</summary>
internal sealed class FiltersPart(Target server, ScaleOptions options)
{
    private const int OfClient = 1000;
    private const int OfPacket = 100;
    private const int Threads = 8;
    private const int OneByOne = 3000;
    private const int SubscribeAcknowledgement = 9;

    public async Task<IReadOnlyList<ScaleRow>> RunAsync()
    {
        int count = options.Filters;
        string Topic(long i) => ScaleWork.Name("scale/x/", i * 7919 % count);
        var open = new ScaleClient[(count + OfClient - 1) / OfClient];
        try
        {
            ScaleClient all = ScaleClient.Open(server.Ports.Mqtt, "all");
            Subscribe(all, ["scale/+/+"]);
            _ = ScaleWork.DrainAsync(all, static _ => { });
            ScaleWork.Publish(server, Topic, 1);
            (long Count, double Seconds, double Cpu) alone = ScaleWork.Publish(server, Topic, options.Seconds);
            Histogram aloneTimes = ScaleWork.PublishOneByOne(server, Topic, OneByOne);
            all.Leave();
            await ScaleWork.SettleAsync();

            long before = server.Memory;
            long start = TimeProvider.System.GetTimestamp();
            await ScaleWork.EachAsync(open.Length, Threads, client =>
            {
                open[client] = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name("client-", client));
                int last = Math.Min(count, (client + 1) * OfClient);
                for (int from = client * OfClient; from < last; from += OfPacket)
                    Subscribe(open[client], [.. Enumerable.Range(from, Math.Min(OfPacket, last - from)).Select(n => ScaleWork.Name("scale/+/", n))]);
            });
            double subscribing = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            await ScaleWork.SettleAsync();
            long memory = server.Memory - before;
            foreach (ScaleClient client in open)
                _ = ScaleWork.DrainAsync(client, static _ => { });
            ScaleWork.Publish(server, Topic, 1);
            (long Count, double Seconds, double Cpu) with = ScaleWork.Publish(server, Topic, options.Seconds);
            Histogram withTimes = ScaleWork.PublishOneByOne(server, Topic, OneByOne);
            return
            [
                Row("subscriptions with a wildcard", count, string.Empty),
                Row("subscriptions made", count / subscribing, "/s"),
                Row("memory of a subscription", memory / (double)count, "B"),
                Row("publishes, one subscription", alone.Count / alone.Seconds, "/s"),
                Row("publishes, all subscriptions", with.Count / with.Seconds, "/s"),
                Row("processor for a publish, one subscription", alone.Cpu / alone.Count * 1e6, "us"),
                Row("processor for a publish, all subscriptions", with.Cpu / with.Count * 1e6, "us"),
                Row("publish to PUBACK, one subscription, p50", aloneTimes.Percentile(0.5), "us"),
                Row("publish to PUBACK, all subscriptions, p50", withTimes.Percentile(0.5), "us"),
                Row("publish to PUBACK, one subscription, p99", aloneTimes.Percentile(0.99), "us"),
                Row("publish to PUBACK, all subscriptions, p99", withTimes.Percentile(0.99), "us"),
            ];
        }
        finally
        {
            foreach (ScaleClient? client in open)
                client?.Dispose();
        }
    }

    private static void Subscribe(ScaleClient client, IReadOnlyList<string> filters)
    {
        client.Send(MqttPackets.SubscribePacket(filters, qos: 0));
        client.Expect(SubscribeAcknowledgement);
    }

    private ScaleRow Row(string measure, double value, string unit) => new("filters", server.Name, measure, value, unit);
}
