using System.Buffers.Binary;
using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>
/// What many MQTT clients cost that do nothing: memory of an idle connection, connects a second, and how much longer a publish takes with
/// many wildcard subscriptions of connected clients and of sessions that are away. The p99 of publish to deliver at half load is
/// <c>--scenario mqtt --share 0.5</c>.
/// </summary>
internal static class MqttScaleRun
{
    private const int ConnectsAtOnce = 64;
    private const int FiltersOfSession = 1000;
    private const int FiltersOfPacket = 100;
    private const int Publishes = 2000;
    private const int Warmup = 500;

    /// <summary>Measures one after the other, each in a gateway of its own.</summary>
    /// <param name="output">Where the lines go.</param>
    /// <param name="connections">Idle connections.</param>
    /// <param name="filters">Wildcard subscriptions of connected clients.</param>
    /// <param name="offline">Subscriptions of sessions that are away.</param>
    public static async Task<int> RunAsync(TextWriter output, int connections, int filters, int offline)
    {
        await IdleAsync(output, connections);
        await FiltersAsync(output, "wildcard subscriptions, connected", filters, isKept: false);
        await FiltersAsync(output, "subscriptions of sessions away", offline, isKept: true);
        return 0;
    }

    private static Task<GatewayProcess> StartAsync()
        => GatewayProcess.StartAsync(new GatewaySettings { Arguments = ["--flush", "async"] });

    private static async Task IdleAsync(TextWriter output, int count)
    {
        await using GatewayProcess gateway = await StartAsync();
        var open = new MqttConnection[count];
        try
        {
            open[0] = await MqttConnection.OpenAsync(gateway.Ports.Mqtt, "first");
            long before = gateway.AnonymousMemory();
            long start = TimeProvider.System.GetTimestamp();
            await Parallel.ForAsync(1, count, new ParallelOptions { MaxDegreeOfParallelism = ConnectsAtOnce }, async (i, _) =>
                open[i] = await MqttConnection.OpenAsync(gateway.Ports.Mqtt, Name("idle", i)));
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            long after = gateway.AnonymousMemory();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count,9:N0} idle connections: {(after - before) / (double)Math.Max(1, count - 1):N0} bytes each, {(count - 1) / seconds:N0} connects/s"));
        }
        finally
        {
            foreach (MqttConnection? connection in open)
                connection?.Dispose();
        }
    }

    private static async Task FiltersAsync(TextWriter output, string what, int count, bool isKept)
    {
        await using GatewayProcess gateway = await StartAsync();
        Histogram alone = await PublishAsync(gateway);
        List<MqttConnection> open = [];
        try
        {
            long before = gateway.AnonymousMemory();
            for (int first = 0; first < count; first += FiltersOfSession)
            {
                MqttConnection client = await MqttConnection.OpenAsync(gateway.Ports.Mqtt, Name("client", first), isKept);
                // Sessions that are away have the same filters: what costs is a queue for each of them, and an entry in one for a message.
                int from = isKept ? 0 : first;
                for (int i = 0; i < Math.Min(FiltersOfSession, count - first); i += FiltersOfPacket)
                    await client.SubscribeAsync([.. Enumerable.Range(from + i, Math.Min(FiltersOfPacket, count - first - i)).Select(n => string.Create(CultureInfo.InvariantCulture, $"scale/+/{n}"))]);
                if (isKept)
                    client.Dispose();
                else
                    open.Add(client);
            }

            long after = gateway.AnonymousMemory();
            Histogram with = await PublishAsync(gateway);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{count,9:N0} {what}: publish p50 {with.Percentile(0.5):N0} us, p99 {with.Percentile(0.99):N0} us; without {alone.Percentile(0.5):N0}, {alone.Percentile(0.99):N0}; {(after - before) / (double)count:N0} bytes a subscription"));
        }
        finally
        {
            foreach (MqttConnection connection in open)
                connection.Dispose();
        }
    }

    /// <summary>Publishes one after the other under a name that one of the filters matches; the times to PUBACK.</summary>
    private static async Task<Histogram> PublishAsync(GatewayProcess gateway)
    {
        using MqttConnection publisher = await MqttConnection.OpenAsync(gateway.Ports.Mqtt, "publisher");
        (byte[] packet, int identifierAt, _) = MqttPackets.PublishPacket("scale/x/7", 128);
        var times = new Histogram();
        for (int i = 0; i < Warmup + Publishes; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(identifierAt), (ushort)(1 + (i % 60_000)));
            long start = TimeProvider.System.GetTimestamp();
            await publisher.SendAsync(packet);
            if (i >= Warmup)
                times.Record(TimeProvider.System.GetElapsedTime(start));
        }

        return times;
    }

    private static string Name(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");
}
