using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>What several parts do.</summary>
internal static class ScaleWork
{
    /// <summary>Bytes of a message.</summary>
    public const int Size = 128;

    private const int PublishAcknowledgement = 4;
    private const int Window = 100;

    /// <summary>Does something for each number, on threads of its own, because it blocks.</summary>
    public static async Task EachAsync(int count, int threads, Action<int> work)
    {
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                    work(i);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }

    /// <summary>Publishes at QoS 1, so many unacknowledged at a time, until the time is over or the count is reached.</summary>
    /// <returns>Publishes, seconds, and seconds of the server's processor.</returns>
    public static (long Count, double Seconds, double Cpu) Publish(Target server, Func<long, string> topic, double seconds, long most = long.MaxValue)
    {
        using ScaleClient publisher = ScaleClient.Open(server.Ports.Mqtt, "publisher");
        double cpu = server.CpuSeconds;
        long start = TimeProvider.System.GetTimestamp();
        long count = 0;
        List<byte> packets = [];
        while (count < most && TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
        {
            packets.Clear();
            for (int i = 0; i < Window; i++)
            {
                (byte[] packet, int identifierAt, _) = MqttPackets.PublishPacket(topic(count + i), Size);
                packet[identifierAt + 1] = (byte)(i + 1);
                packets.AddRange(packet);
            }

            publisher.Send(packets.ToArray());
            for (int i = 0; i < Window; i++)
                publisher.Expect(PublishAcknowledgement);
            count += Window;
        }

        double took = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        publisher.Leave();
        return (count, took, server.CpuSeconds - cpu);
    }

    /// <summary>Publishes one after the other at QoS 1; the times to PUBACK.</summary>
    public static Histogram PublishOneByOne(Target server, Func<long, string> topic, int count)
    {
        using ScaleClient publisher = ScaleClient.Open(server.Ports.Mqtt, "one-by-one");
        var times = new Histogram();
        for (int i = 0; i < count; i++)
        {
            (byte[] packet, int identifierAt, _) = MqttPackets.PublishPacket(topic(i), Size);
            packet[identifierAt + 1] = 1;
            long start = TimeProvider.System.GetTimestamp();
            publisher.Send(packet);
            publisher.Expect(PublishAcknowledgement);
            times.Record(TimeProvider.System.GetElapsedTime(start));
        }

        publisher.Leave();
        return times;
    }

    /// <summary>Reads and drops what comes, so that a subscriber is never slow; counts bytes.</summary>
    public static async Task DrainAsync(ScaleClient client, Action<int> received)
    {
        byte[] room = GC.AllocateUninitializedArray<byte>(64 * 1024);
        try
        {
            int count;
            while ((count = await client.Socket.ReceiveAsync(room)) > 0)
                received(count);
        }
        catch (Exception closed) when (closed is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The part is over.
        }
    }

    /// <summary>A name with a number in it.</summary>
    public static string Name(string kind, long number) => string.Create(CultureInfo.InvariantCulture, $"{kind}{number}");

    /// <summary>Waits for a moment in which the server does what it does afterwards.</summary>
    public static Task SettleAsync() => Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
}
