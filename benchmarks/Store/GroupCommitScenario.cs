using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>
/// Senders that each wait for the disk before they send again, against a plain file that is written and fsynced for every
/// message by one thread. One sender alone shows what the hand-offs cost.
/// </summary>
internal static partial class GroupCommitScenario
{
    public static async Task<IReadOnlyList<Line>> RunAsync(BenchmarkOptions options)
    {
        var lines = new List<Line>();
        foreach (int size in options.Sizes)
        {
            var rounds = new List<List<Line>>();
            for (int round = 0; round < options.Rounds; round++)
            {
                rounds.Add(await RoundAsync(options, size));
            }

            // A disk has bad seconds: each line is the one of the middle ratio, and says how far the others are from it.
            for (int line = 0; line < rounds[0].Count; line++)
            {
                List<Line> of = [.. rounds.Select(round => round[line]).OrderBy(one => one.Value / one.Floor)];
                Line middle = of[of.Count / 2];
                lines.Add(middle with { Bar = $"{middle.Bar} ({of[0].Value / of[0].Floor:F2} to {of[^1].Value / of[^1].Floor:F2} in {of.Count} rounds)" });
            }
        }

        return lines;
    }

    private static async Task<List<Line>> RoundAsync(BenchmarkOptions options, int size)
    {
        (double floor, double fsync, double fsync99) = Plain(options, size + 120);
        (double many, double p50, double p99, string flushes) = await StoreAsync(options, size, options.Senders);
        (_, _, double group99) = Plain(options, (size + 120) * options.Senders);
        (double one, double oneP50, _, _) = await StoreAsync(options, size, 1);
        return
        [
            new Line($"groupcommit {size} B, {options.Senders} senders", many, floor, "msg/s", $">= 20 fsync per message; {flushes}"),
            new Line($"groupcommit {size} B, p99 of {options.Senders} by p99 of fsync", p99, fsync99, "us", "<= 3 fsync times"),
            new Line($"groupcommit {size} B, p99 by p99 of fsync of {options.Senders} together", p99, group99, "us", "no bar"),
            new Line($"groupcommit {size} B, p99 by median of fsync", p99, fsync, "us", "no bar"),
            new Line($"groupcommit {size} B, p50 of {options.Senders} by median of fsync", p50, fsync, "us", "no bar"),
            new Line($"groupcommit {size} B, 1 sender ({one:N0}/s)", oneP50, fsync, "us", "no bar"),
        ];
    }

    private static (double Rate, double Median, double P99) Plain(BenchmarkOptions options, int size)
    {
        string path = Path.Combine(options.Directory, "fsync");
        byte[] message = new byte[size];
        long room = Math.Max(256L << 20, size * 16384L);
        var times = new List<double>();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, preallocationSize: room))
        {
            // As the store's segments: blocks and length are there, so that a flush is one of data.
            RandomAccess.SetLength(file, room);
            RandomAccess.FlushToDisk(file);
            long begun = Stopwatch.GetTimestamp();
            long at = 0;
            while (Stopwatch.GetElapsedTime(begun) < options.Time && at + size <= room)
            {
                long started = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, message, at);
                Flush(file);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                at += size;
            }

            double rate = times.Count / Stopwatch.GetElapsedTime(begun).TotalSeconds;
            File.Delete(path);
            times.Sort();
            return (rate, times[times.Count / 2], times[(int)(times.Count * 0.99)]);
        }
    }

    /// <summary>What the store asks of the disk: the data, and of the metadata only what finds it again.</summary>
    private static void Flush(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (Fdatasync(file) != 0)
        {
            throw new IOException($"fdatasync failed: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    private static async Task<(double Rate, double P50, double P99, string Flushes)> StoreAsync(BenchmarkOptions options, int size, int senders)
    {
        StoreOptions settings = BenchmarkStore.Options(options, $"group-{senders}", FlushMode.Fsync);
        byte[] body = new byte[size];
        await using MessageStore store = MessageStore.Open(settings);
        await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => SendAsync(store, body, sender, TimeSpan.FromSeconds(0.5))));
        using var flushes = new FlushFigures();
        long started = Stopwatch.GetTimestamp();
        List<double>[] each = await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => SendAsync(store, body, sender, options.Time)));
        TimeSpan taken = Stopwatch.GetElapsedTime(started);
        List<double> all = [.. each.SelectMany(times => times)];
        all.Sort();
        return (all.Count / taken.TotalSeconds, all[all.Count / 2], all[(int)(all.Count * 0.99)], flushes.In(taken));
    }

    private static async Task<List<double>> SendAsync(MessageStore store, byte[] body, int sender, TimeSpan time)
    {
        await Task.Yield();
        var times = new List<double>(1 << 16);
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < time)
        {
            long started = Stopwatch.GetTimestamp();
            AppendResult appended = BenchmarkStore.Append(store, body, sender & 7);
            if (await store.WaitDurableAsync(appended.End) != DurabilityStatus.Durable)
            {
                throw new InvalidOperationException("not durable");
            }

            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        return times;
    }
}
