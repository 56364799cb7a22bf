using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>
/// A backlog read queue by queue and copied out, with and without the check of CRCs, against reading the same files as
/// <c>cat</c> does; all from the page cache.
/// </summary>
internal static class ReadScenario
{
    private const int Block = 128 << 10;

    public static async Task<IReadOnlyList<Line>> RunAsync(BenchmarkOptions options)
    {
        var lines = new List<Line>();
        foreach (int size in options.Sizes)
        {
            StoreOptions settings = BenchmarkStore.Options(options, $"read-{size}", FlushMode.Async);
            byte[] body = new byte[size];
            RandomNumberGenerator.Fill(body);
            await using (MessageStore filling = MessageStore.Open(settings))
            {
                BenchmarkStore.Fill(filling, body, (long)options.Megabytes << 20);
                await filling.WaitDispatchedAsync();
            }

            double floor = 0;
            double tail = 0;
            double[] read = [0, 0];
            for (int round = 0; round < options.Rounds; round++)
            {
                floor = Math.Max(floor, Cat(Path.Combine(settings.Directory, "commitlog"), (long)options.Megabytes << 20));
                foreach (int check in new[] { 0, 1 })
                {
                    settings.CheckCrcOnRead = check == 1;
                    await using MessageStore store = MessageStore.Open(settings);
                    read[check] = Math.Max(read[check], Pull(store));
                    tail = check == 1 ? Math.Max(tail, Walk(store)) : tail;
                }
            }

            lines.Add(new Line($"read {size} B, by queue, CRC checked", read[1], floor, "MB/s", ">= 0.7 of cat"));
            lines.Add(new Line($"read {size} B, by queue, not checked", read[0], floor, "MB/s", "(no bar)"));
            lines.Add(new Line($"read {size} B, by log, CRC checked", tail, floor, "MB/s", "(no bar)"));
            Directory.Delete(settings.Directory, recursive: true);
        }

        return lines;
    }

    private static double Cat(string directory, long most)
    {
        byte[] block = new byte[Block];
        long bytes = 0;
        long started = Stopwatch.GetTimestamp();
        foreach (string path in Directory.GetFiles(directory).Order(StringComparer.Ordinal))
        {
            using SafeFileHandle file = File.OpenHandle(path);
            for (long at = 0; bytes < most && RandomAccess.Read(file, block, at) is > 0 and int read; at += read)
            {
                bytes += read;
            }
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e6;
    }

    private static double Pull(MessageStore store)
    {
        byte[] answer = new byte[8 << 20];
        var entries = new QueueEntry[32];
        long bytes = 0;
        long started = Stopwatch.GetTimestamp();
        foreach (ConsumeQueue queue in store.Queues)
        {
            for (long offset = queue.MinOffset; offset < queue.MaxOffset;)
            {
                int count = queue.ReadEntries(offset, entries);
                int at = 0;
                for (int i = 0; i < count; i++, offset++)
                {
                    if (store.ReadRecord(queue, offset, entries[i], out RecordLease lease) != EntryReading.Found)
                    {
                        throw new InvalidOperationException($"no record for {offset}");
                    }

                    lease.Span.CopyTo(answer.AsSpan(at));
                    at += lease.Span.Length;
                    lease.Dispose();
                }

                bytes += at;
            }
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e6;
    }

    private static double Walk(MessageStore store)
    {
        byte[] answer = new byte[8 << 20];
        long bytes = 0;
        long started = Stopwatch.GetTimestamp();
        using LogReader reader = store.OpenReader(store.MinPhysicalOffset);
        while (reader.TryReadNext(out var record))
        {
            record.Bytes.CopyTo(answer);
            bytes += record.Size;
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e6;
    }
}
