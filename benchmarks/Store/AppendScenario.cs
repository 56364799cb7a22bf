using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>
/// One thread that appends with asynchronous flush, against plain writes of as many bytes into a new file of the same file
/// system: a write for each record, which is what it takes without a mapping to have each in the page cache when its append
/// returns; and in blocks of 64 KiB, which keeps records back. The store's index of queues is made meanwhile by its
/// dispatcher, as in life.
/// </summary>
internal static class AppendScenario
{
    private const int Block = 64 << 10;

    /// <summary>Bytes of a record beside its body.</summary>
    private const int Overhead = 188;

    public static async Task<IReadOnlyList<Line>> RunAsync(BenchmarkOptions options)
    {
        var lines = new List<Line>();
        foreach (int size in options.Sizes)
        {
            double store = 0;
            double floor = 0;
            double blocks = 0;
            double rate = 0;
            for (int round = 0; round < options.Rounds; round++)
            {
                floor = Math.Max(floor, Plain(options, round, size + Overhead));
                blocks = Math.Max(blocks, Plain(options, round, Block));
                (double bytes, double messages) = await StoreAsync(options, round, size);
                store = Math.Max(store, bytes);
                rate = Math.Max(rate, messages);
            }

            lines.Add(new Line($"append {size} B ({rate:N0}/s)", store, floor, "MB/s", ">= 0.7 of plain writes, one a record"));
            lines.Add(new Line($"append {size} B, by writes of 64 KiB", store, blocks, "MB/s", "(no bar)"));
        }

        return lines;
    }

    private static double Plain(BenchmarkOptions options, int round, int size)
    {
        string path = Path.Combine(options.Directory, $"plain-{round}");
        long bytes = (long)options.Megabytes << 20;
        byte[] block = new byte[size];
        RandomNumberGenerator.Fill(block);
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            long started = Stopwatch.GetTimestamp();
            for (long at = 0; at < bytes; at += size)
            {
                RandomAccess.Write(file, block, at);
            }

            TimeSpan taken = Stopwatch.GetElapsedTime(started);
            File.Delete(path);
            return bytes / taken.TotalSeconds / 1e6;
        }
    }

    private static async Task<(double Bytes, double Messages)> StoreAsync(BenchmarkOptions options, int round, int size)
    {
        StoreOptions settings = BenchmarkStore.Options(options, $"append-{round}", FlushMode.Async);
        settings.AsyncFlushInterval = TimeSpan.FromMinutes(1);
        byte[] body = new byte[size];
        RandomNumberGenerator.Fill(body);
        MessageStore store = MessageStore.Open(settings);
        BenchmarkStore.Fill(store, body, 1 << 20);
        long from = store.Written.Value;
        long started = Stopwatch.GetTimestamp();
        int count = BenchmarkStore.Fill(store, body, from + ((long)options.Megabytes << 20));
        TimeSpan taken = Stopwatch.GetElapsedTime(started);
        double bytes = store.Written.Value - from;
        await store.DisposeAsync();
        Directory.Delete(settings.Directory, recursive: true);
        return (bytes / taken.TotalSeconds / 1e6, count / taken.TotalSeconds);
    }
}
