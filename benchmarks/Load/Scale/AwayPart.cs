using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>
/// Sessions that are away: how fast they are made, what each keeps, what a publish costs that very many of them will get, and how long
/// it takes to come back.
/// </summary>
internal sealed class AwayPart(Target server, ScaleOptions options)
{
    /// <summary>Filters that all sessions choose from.</summary>
    private const int Pool = 1000;

    private const int Threads = 64;
    private const int Returning = 300;
    private const int OneByOne = 500;
    private const long MostPublishes = 5000;
    private const int PublishKind = 3;
    private const int SubscribeAcknowledgement = 9;

    public async Task<IReadOnlyList<ScaleRow>> RunAsync()
    {
        int sessions = options.Sessions;
        int each = options.FiltersOfSession;
        static string Topic(long i) => ScaleWork.Name("away/x/", i % Pool);
        ScaleWork.Publish(server, Topic, 1);
        (long Count, double Seconds, double Cpu) alone = ScaleWork.Publish(server, Topic, options.Seconds);
        Histogram aloneTimes = ScaleWork.PublishOneByOne(server, Topic, OneByOne);
        await ScaleWork.SettleAsync();

        long before = server.Memory;
        long start = TimeProvider.System.GetTimestamp();
        await ScaleWork.EachAsync(sessions, Threads, i =>
        {
            string[] filters = [.. Enumerable.Range(0, each).Select(n => ScaleWork.Name("away/+/", ((long)i * each + n) % Pool))];
            using ScaleClient client = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name("away-", i), isKept: true, MqttPackets.SubscribePacket(filters, qos: 1));
            client.Expect(SubscribeAcknowledgement);
            client.Leave();
        });
        double making = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        await ScaleWork.SettleAsync();
        long memory = server.Memory - before;

        (long Count, double Seconds, double Cpu) with = ScaleWork.Publish(server, Topic, options.Seconds, MostPublishes);
        Histogram withTimes = ScaleWork.PublishOneByOne(server, Topic, OneByOne);
        var resume = new Histogram();
        var message = new Histogram();
        for (int i = 0; i < Returning; i++)
        {
            long begin = TimeProvider.System.GetTimestamp();
            using ScaleClient client = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name("away-", (long)i * sessions / Returning), isKept: true);
            resume.Record(TimeProvider.System.GetElapsedTime(begin));
            client.Expect(PublishKind);
            message.Record(TimeProvider.System.GetElapsedTime(begin));
        }

        return
        [
            Row("sessions away", sessions, string.Empty),
            Row("subscriptions of sessions away", (double)sessions * each, string.Empty),
            Row("sessions made (connect, subscribe, leave)", sessions / making, "/s"),
            Row("memory of a session", memory / (double)sessions, "B"),
            Row("publishes, no sessions", alone.Count / alone.Seconds, "/s"),
            Row("publishes, all sessions", with.Count / with.Seconds, "/s"),
            Row("processor for a publish, no sessions", alone.Cpu / alone.Count * 1e6, "us"),
            Row("processor for a publish, all sessions", with.Cpu / with.Count * 1e6, "us"),
            Row("publish to PUBACK, no sessions, p50", aloneTimes.Percentile(0.5), "us"),
            Row("publish to PUBACK, all sessions, p50", withTimes.Percentile(0.5), "us"),
            Row("coming back: connect to CONNACK, p50", resume.Percentile(0.5), "us"),
            Row("coming back: connect to CONNACK, p99", resume.Percentile(0.99), "us"),
            Row("coming back: connect to first message, p50", message.Percentile(0.5), "us"),
            Row("coming back: connect to first message, p99", message.Percentile(0.99), "us"),
        ];
    }

    private ScaleRow Row(string measure, double value, string unit) => new("away", server.Name, measure, value, unit);
}
