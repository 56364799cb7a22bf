using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>
/// A backlog of one queue and of eight, read by queue, a pull's worth at a time, with and without the check of CRCs, against
/// reading the same files as <c>cat</c> does; all from the page cache. What is measured ends with the leases that a writer
/// to a socket copies from; a second figure has a copy of all bytes in addition.
/// </summary>
internal static class ReadScenario
{
    private const int Block = 128 << 10;
    private const int PullMessages = 32;

    /// <summary>The first one maps the pages, which a store that has run for a while has done.</summary>
    private const int Passes = 2;

    public static async Task<IReadOnlyList<Line>> RunAsync(BenchmarkOptions options)
    {
        var lines = new List<Line>();
        foreach (int size in options.Sizes)
        {
            foreach (int queues in new[] { 1, 8 })
            {
                lines.AddRange(await RunAsync(options, size, queues));
            }
        }

        return lines;
    }

    private static async Task<List<Line>> RunAsync(BenchmarkOptions options, int size, int queues)
    {
        StoreOptions settings = BenchmarkStore.Options(options, $"read-{size}-{queues}", FlushMode.Async);
        byte[] body = new byte[size];
        RandomNumberGenerator.Fill(body);
        await using (MessageStore filling = MessageStore.Open(settings))
        {
            BenchmarkStore.Fill(filling, body, (long)options.Megabytes << 20, queues);
            await filling.WaitDispatchedAsync();
        }

        double floor = 0;
        double tail = 0;
        double[] read = [0, 0];
        double copied = 0;
        // The compiler learns from what runs first: a store that is asked to check has always done so.
        foreach (int check in new[] { 1, 0 })
        {
            for (int round = 0; round < options.Rounds; round++)
            {
                floor = Math.Max(floor, Cat(Path.Combine(settings.Directory, "commitlog"), (long)options.Megabytes << 20));
                settings.CheckCrcOnRead = check == 1;
                await using MessageStore store = MessageStore.Open(settings);
                for (int pass = 0; pass < Passes; pass++)
                {
                    read[check] = Math.Max(read[check], Pull(store, copy: false));
                    copied = check == 1 ? Math.Max(copied, Pull(store, copy: true)) : copied;
                    tail = check == 1 ? Math.Max(tail, Walk(store)) : tail;
                }
            }
        }

        Directory.Delete(settings.Directory, recursive: true);
        string what = queues == 1 ? $"read {size} B, one queue" : $"read {size} B, {queues} queues in turn";
        List<Line> lines =
        [
            new Line($"{what}, CRC checked", read[1], floor, "MB/s", ">= 0.7 of cat"),
            new Line($"{what}, CRC checked, copied out", copied, floor, "MB/s", "(no bar)"),
            new Line($"{what}, not checked", read[0], floor, "MB/s", "(no bar)"),
        ];
        if (queues == 1)
        {
            lines.Add(new Line($"read {size} B, by log, CRC checked", tail, floor, "MB/s", "(no bar)"));
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

    /// <summary>All queues in turn, a pull's worth of each, as the consumers of a topic do.</summary>
    private static double Pull(MessageStore store, bool copy)
    {
        byte[] answer = new byte[PullMessages * (8 << 10)];
        var entries = new QueueEntry[PullMessages];
        var places = new RecordPlace[PullMessages];
        using var hold = new SegmentHold();
        long bytes = 0;
        IReadOnlyList<ConsumeQueue> queues = store.Queues;
        long[] offsets = [.. queues.Select(queue => queue.MinOffset)];
        long started = Stopwatch.GetTimestamp();
        for (bool found = true; found;)
        {
            found = false;
            for (int queue = 0; queue < queues.Count; queue++)
            {
                int read = PullOnce(store, queues[queue], ref offsets[queue], entries, places, hold, copy ? answer : null);
                bytes += read;
                found |= read > 0;
            }
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e6;
    }

    private static int PullOnce(MessageStore store, ConsumeQueue queue, ref long offset, QueueEntry[] entries, RecordPlace[] places, SegmentHold hold, byte[]? answer)
    {
        int count = queue.ReadEntries(offset, entries);
        for (int found = 0; found < count;)
        {
            int read = store.ReadRecords(queue, offset + found, entries.AsSpan(found..count), hold, places.AsSpan(found));
            found += read > 0 ? read : throw new InvalidOperationException($"no record for {offset + found}");
        }

        offset += count;
        int bytes = 0;
        foreach (RecordPlace place in places.AsSpan(0, count))
        {
            if (answer is not null)
            {
                place.Span.CopyTo(answer.AsSpan(bytes));
            }

            bytes += place.Size;
        }

        hold.Release();
        return bytes;
    }

    private static double Walk(MessageStore store)
    {
        byte[] answer = new byte[Block * 2];
        long bytes = 0;
        long started = Stopwatch.GetTimestamp();
        using LogReader reader = store.OpenReader(store.MinPhysicalOffset);
        while (reader.TryReadNext(out var record))
        {
            record.Bytes.CopyTo(answer.AsSpan((int)(bytes % Block)));
            bytes += record.Size;
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e6;
    }
}
