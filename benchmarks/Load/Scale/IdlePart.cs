using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Sockets;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>Connections that do nothing: how fast they come, and what each costs.</summary>
internal sealed class IdlePart(Target server, ScaleOptions options)
{
    private const int Threads = 16;
    private const int Warm = 3000;

    /// <summary>Files of the server, and of this process, that are no connections; and connections before, which may not be gone yet.</summary>
    private const int OtherFiles = 500;

    public async Task<IReadOnlyList<ScaleRow>> RunAsync(TextWriter output)
    {
        int files = MostFiles();
        int reserved = ReservedOf(files);
        int count = Math.Max(1, Math.Min(options.Connections, files - reserved - OtherFiles));
        if (count < options.Connections)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"idle     {count:N0} connections, not {options.Connections:N0}: {files:N0} files may be open, the gateway keeps {reserved:N0} of them for its log (sockets.reservedFiles), and {OtherFiles:N0} are for what else is open"));
        }

        // Before anybody came: what the first connections made the server keep for later ones counts, too.
        long before = server.Memory;
        double first = await OpenAndCloseAsync("cold", Warm);
        double second = await OpenAndCloseAsync("warm", Warm);
        await ScaleWork.SettleAsync();
        var open = new ScaleClient[count];
        var times = new Histogram();
        try
        {
            double cpu = server.CpuSeconds;
            long start = TimeProvider.System.GetTimestamp();
            await ScaleWork.EachAsync(count, Threads, i =>
            {
                long begin = TimeProvider.System.GetTimestamp();
                open[i] = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name("idle-", i));
                lock (times)
                    times.Record(TimeProvider.System.GetElapsedTime(begin));
            });
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            cpu = server.CpuSeconds - cpu;
            long atOnce = server.Memory;
            await ScaleWork.SettleAsync();
            return
            [
                Row("connections", count, string.Empty),
                Row($"connects, first {Warm}", first, "/s"),
                Row($"connects, second {Warm}", second, "/s"),
                Row("connects", count / seconds, "/s"),
                Row("server's processor for a connect", cpu / count * 1e6, "us"),
                Row("connect to CONNACK, p50", times.Percentile(0.5), "us"),
                Row("connect to CONNACK, p99", times.Percentile(0.99), "us"),
                Row("memory of a connection, at once", (atOnce - before) / (double)count, "B"),
                Row("memory of a connection", (server.Memory - before) / (double)count, "B"),
            ];
        }
        finally
        {
            foreach (ScaleClient? client in open)
                client?.Dispose();
        }
    }

    /// <summary>The same for both servers, so that they have as many connections.</summary>
    private static int ReservedOf(int files) => Math.Min(new LoopOptions().ReservedFiles, files / 2);

    private static int MostFiles()
    {
        string line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string hard = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        return int.TryParse(hard, CultureInfo.InvariantCulture, out int most) ? most : int.MaxValue;
    }

    private async Task<double> OpenAndCloseAsync(string kind, int count)
    {
        var open = new ScaleClient[count];
        long start = TimeProvider.System.GetTimestamp();
        await ScaleWork.EachAsync(count, Threads, i => open[i] = ScaleClient.Open(server.Ports.Mqtt, ScaleWork.Name(kind, i)));
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        foreach (ScaleClient client in open)
            client.Leave();
        return count / seconds;
    }

    private ScaleRow Row(string measure, double value, string unit) => new("idle", server.Name, measure, value, unit);
}
