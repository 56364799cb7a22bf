using System.Globalization;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// Cut and changed files: the opener repairs or refuses, in bounded memory and time, and never crashes.
/// Mutations: PROTOBRIDGE_STORE_MUTATIONS (1500 by default).
/// </summary>
public sealed class BadFileTests
{
    /// <summary>What opening and reading may allocate besides what the file system in memory copies.</summary>
    private const long AllocationLimit = 4 << 20;

    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1500;

    [Fact]
    public async Task Every_truncation_of_the_last_segment_opens_with_what_is_before_it()
    {
        var sound = await Snapshot();
        var name = sound.Keys.Where(path => path.Contains("commitlog", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        for (var length = 0; length < sound[name].Length; length += length < 8300 ? 7 : 1111)
        {
            var files = Restore(sound);
            files.Put(name, sound[name].AsSpan(0, length));
            await OpenAndRead(files, mayRefuse: true);
        }
    }

    [Fact]
    public async Task Every_truncation_of_a_small_file_opens()
    {
        var sound = await Snapshot();
        foreach (var name in sound.Keys.Where(path => !path.Contains("commitlog", StringComparison.Ordinal)))
        {
            for (var length = 0; length < sound[name].Length; length += 13)
            {
                var files = Restore(sound);
                files.Put(name, sound[name].AsSpan(0, length));
                await OpenAndRead(files, mayRefuse: true);
            }
        }
    }

    [Fact]
    public async Task Mutated_files_never_crash_the_opener()
    {
        var sound = await Snapshot();
        var names = sound.Keys.Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < Mutations; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                var files = Restore(sound);
                for (var change = random.Next(1, 5); change > 0; change--)
                {
                    var name = names[random.Next(names.Length)];
                    files.Put(name, Mutate(files.Content(name), random));
                }

                if (random.Next(2) == 0)
                    files.Put("/store/abort", "1"u8);
                if (random.Next(3) == 0)
                    files.DeleteFile("/store/checkpoint");
                await OpenAndRead(files, mayRefuse: true);
            });
        }
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        if (content.Length == 0)
            return content;
        // Most of a segment is room for more: stay where the data is.
        var at = random.Next(random.Next(4) == 0 ? content.Length : Math.Min(content.Length, 8300));
        switch (random.Next(5))
        {
            case 0:
                content[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                content[at] = (byte)random.Next(256);
                break;
            case 2:
                content.AsSpan(at, Math.Min(random.Next(1, 600), content.Length - at)).Clear();
                break;
            case 3:
                random.NextBytes(content.AsSpan(at, Math.Min(random.Next(1, 9), content.Length - at)));
                break;
            default:
                content.AsSpan(at, Math.Min(8, content.Length - at)).Fill(0x7F);
                break;
        }

        return content;
    }

    private static async Task OpenAndRead(FaultyFileSystem files, bool mayRefuse)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        MessageStore store;
        try
        {
            store = MessageStore.Open(Options(), files);
        }
        catch (StoreUnusableException) when (mayRefuse)
        {
            return;
        }

        Read(store);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationLimit + (4 * files.Paths.Sum(path => (long)files.Content(path).Length)));
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "after").Status);
        await store.WaitDispatchedAsync().Within("dispatched");
        await store.DisposeAsync();
    }

    private static void Read(MessageStore store)
    {
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        while (reader.TryReadNext(out var record))
            _ = record.TopicString.Length + record.BornHost.ToString().Length + (int)TagHash.Of(record.Tags);
        Span<QueueEntry> entries = stackalloc QueueEntry[32];
        foreach (var queue in store.Queues)
        {
            var read = queue.ReadEntries(queue.MinOffset, entries);
            foreach (var entry in entries[..read])
            {
                using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
                lease.TryRead(out _);
            }

            queue.OffsetByTime(1);
        }
    }

    private static async Task<Dictionary<string, byte[]>> Snapshot()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = MessageStore.Open(Options(), files))
        {
            for (var i = 0; i < 60; i++)
                store.Append(i % 3 == 0 ? "other" : "topic", i % 2, $"{i}:{new string('x', i * 7)}", "tag");
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        return files.Paths.ToDictionary(path => path, files.Content);
    }

    private static FaultyFileSystem Restore(Dictionary<string, byte[]> sound)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, content) in sound)
            files.Put(path, content);
        return files;
    }

    private static StoreOptions Options() => new()
    {
        Directory = "/store",
        SegmentSize = 16 << 10,
        QueueFileEntries = 16,
        IndexSlots = 20,
        IndexEntries = 40,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 12 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(1),
    };
}
