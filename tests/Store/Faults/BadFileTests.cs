using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Compaction;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// Cut and changed files of all kinds (log, queues and their extension, key index, timers, light queues, compacted topics,
/// checkpoint, tables): the opener repairs or refuses, in bounded memory and time, and never crashes.
/// Mutations: PROTOBRIDGE_STORE_MUTATIONS (10,000 directories by default, each with one to four).
/// </summary>
public sealed class BadFileTests
{
    /// <summary>What opening and reading may allocate besides what the file system in memory copies.</summary>
    private const long AllocationLimit = 6 << 20;

    /// <summary>Where the data of a file is; behind it is room for more.</summary>
    private const int DataSize = 8300;

    /// <summary>What of a store's files is kept in one way.</summary>
    private static readonly string[] Kinds =
    [
        "commitlog/", "consumequeue/", "consumequeue_ext/", "index/", "timerlog/", "timerwheel", "config/", "lightqueues/catalogue", "lightqueues/heads/",
        "lightqueues/blocks/", "compaction/table/0/0", "compaction/table/0/keys", "compaction/topics.json", "checkpoint",
    ];

    private static readonly DateTimeOffset Start = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly ParallelOptions InParallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 10_000;

    [Fact]
    public async Task Every_truncation_of_a_segment_opens_or_is_refused()
    {
        var sound = await SnapshotAsync();
        var segments = sound.Keys.Where(path => path.Contains("/commitlog/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        foreach (var name in segments)
        {
            var used = sound[name].AsSpan().LastIndexOfAnyExcept((byte)0) + 16;
            for (var length = 0; length < sound[name].Length; length += name != segments[^1] ? 61 : length < used ? 1 : 64)
                await OpenCutAsync(sound, name, length);
        }
    }

    [Fact]
    public async Task Every_truncation_of_any_other_file_opens_or_is_refused()
    {
        var sound = await SnapshotAsync();
        var cuts = new List<(string Name, int Length)>();
        foreach (var kind in Kinds.Where(kind => kind != "commitlog/"))
        {
            // Every byte of one file of a kind; of the others some.
            var names = sound.Keys.Where(path => IsOf(kind, path)).Order(StringComparer.Ordinal).ToList();
            foreach (var name in names)
            {
                var used = Math.Min(600, sound[name].AsSpan().LastIndexOfAnyExcept((byte)0) + 16);
                for (var length = 0; length < sound[name].Length; length += length >= used ? 211 : name == names[0] ? 1 : 61)
                    cuts.Add((name, length));
            }
        }

        await Parallel.ForEachAsync(cuts, InParallel, async (cut, _) => await OpenCutAsync(sound, cut.Name, cut.Length));
    }

    [Fact]
    public async Task Mutated_files_never_crash_the_opener()
    {
        var sound = await SnapshotAsync();
        Assert.All(Kinds, kind => Assert.Contains(sound.Keys, path => IsOf(kind, path)));
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Mutations),
            InParallel,
            async (_, _) => await Seeded.RunAsync(random => OpenMutatedAsync(sound, random)));
    }

    [Theory]
    [InlineData("498")]
    [InlineData("533")]
    [InlineData("498-running")]
    [InlineData("533-running")]
    public async Task Mutated_files_of_Apache_RocketMQ_never_crash_the_opener(string sample)
    {
        var root = Path.Combine(StoreKit.Golden, sample);
        var sound = Directory.GetFiles(root, "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.Combine("/store", Path.GetRelativePath(root, path)), File.ReadAllBytes);
        for (var i = 0; i < Mutations / 200; i++)
            await Seeded.RunAsync(random => OpenMutatedAsync(sound, random));
    }

    [Fact]
    public void A_cut_or_changed_table_of_the_broker_is_read_as_the_one_before_or_as_none()
    {
        var table = Encoding.UTF8.GetBytes("""{"dataVersion":{"counter":7},"topicConfigTable":{"a":{"order":false,"perm":6},"b":{"perm":6}}}""");
        Seeded.Run(random =>
        {
            for (var i = 0; i < table.Length + 2000; i++)
            {
                var files = new FaultyFileSystem(1);
                var config = new ConfigFile(files, "/store/config/topics.json");
                config.Write("1");
                config.Write(table);
                files.Put("/store/config/topics.json", i < table.Length ? table.AsSpan(0, i) : Mutate([.. table], random));
                if (i % 3 == 0)
                    files.Put("/store/config/topics.json.bak", Mutate([.. table], random));
                config.Read(Parse);
            }
        });

        static string Parse(byte[] bytes)
        {
            using var document = System.Text.Json.JsonDocument.Parse(bytes);
            return document.RootElement.GetRawText();
        }
    }

    private static Task OpenCutAsync(Dictionary<string, byte[]> sound, string name, int length)
    {
        var files = Restore(sound);
        files.Put(name, sound[name].AsSpan(0, length));
        return OpenAndReadAsync(files, $"opened with {name} cut to {length} bytes");
    }

    private static bool IsOf(string kind, string path) => path.StartsWith("/store/" + kind, StringComparison.Ordinal);

    private static Task OpenMutatedAsync(Dictionary<string, byte[]> sound, Random random)
    {
        var files = Restore(sound);
        var names = sound.Keys.Order(StringComparer.Ordinal).ToArray();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var kind = Kinds[random.Next(Kinds.Length)];
            var chosen = Array.FindAll(names, name => IsOf(kind, name));
            if (chosen.Length == 0)
                chosen = names;
            var name = chosen[random.Next(chosen.Length)];
            files.Put(name, Mutate(files.Content(name), random));
        }

        if (random.Next(2) == 0)
            files.Put("/store/abort", "1"u8);
        if (random.Next(3) == 0)
            files.DeleteFile("/store/checkpoint");
        if (random.Next(20) == 0)
            files.DeleteFile(names[random.Next(names.Length)]);
        return OpenAndReadAsync(files, "opened with changed files");
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        if (content.Length == 0)
            return content;
        // Most of a segment is room for more: stay where the data is.
        var at = random.Next(random.Next(4) == 0 ? content.Length : Math.Min(content.Length, DataSize));
        switch (random.Next(7))
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
            case 4:
                content.AsSpan(at, Math.Min(8, content.Length - at)).Fill(0x7F);
                break;
            case 5:
                content.AsSpan(at, Math.Min(4, content.Length - at)).Fill(0xFF);
                break;
            default:
                var from = random.Next(content.Length);
                var length = Math.Min(random.Next(1, 600), content.Length - Math.Max(at, from));
                content.AsSpan(from, length).ToArray().CopyTo(content.AsSpan(at));
                break;
        }

        return content;
    }

    /// <summary>On a thread of its own, so that one that hangs is told of.</summary>
    private static Task OpenAndReadAsync(FaultyFileSystem files, string what) =>
        Task.Run(() => OpenAndReadAsync(files)).Within(what);

    private static async Task OpenAndReadAsync(FaultyFileSystem files)
    {
        var clock = new ManualClock(Start);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var limit = AllocationLimit + (4 * files.Paths.Sum(path => (long)files.Content(path).Length));
        MessageStore store;
        try
        {
            store = Open(files, clock);
        }
        catch (StoreUnusableException)
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, limit);
            return;
        }

        Read(store);
        ReadWhatIsBuilt(store);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, limit);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "after").Status);
        await store.WaitDispatchedAsync();
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

    /// <summary>By way of the key index, the light queues and the compacted topic; what is damaged of them is said to be.</summary>
    private static void ReadWhatIsBuilt(MessageStore store)
    {
        for (var i = 0; i < 12; i++)
            store.FindByKey(new KeyQuery(CompactionKit.Topic, $"k{i}", 8));
        Span<QueueEntry> entries = stackalloc QueueEntry[16];
        foreach (var info in store.LightQueues.List().Take(10).ToList())
        {
            var queue = store.LightQueues.Find(info.Name);
            try
            {
                if (store.LightQueues.TryGetRange(queue, out var min, out _))
                    store.LightQueues.Read(queue, min, entries);
            }
            catch (IOException error)
            {
                Assert.Contains("Rebuild", error.Message, StringComparison.Ordinal);
            }
        }

        try
        {
            for (var i = 0; i < 12; i++)
                store.Latest($"k{i}");
        }
        catch (IOException error)
        {
            Assert.Contains("Restore it from a copy", error.Message, StringComparison.Ordinal);
        }
    }

    private static MessageStore Open(FaultyFileSystem files, ManualClock clock) => MessageStore.Open(Options(), files, clock, lightQueueSelector: new NameSelector());

    private static async Task<Dictionary<string, byte[]>> SnapshotAsync()
    {
        var files = new FaultyFileSystem(1);
        var clock = new ManualClock(Start);
        await using (var store = Open(files, clock))
        {
            store.LightQueues.Create("topic", out _);
            store.LightQueues.Create("other", out _);
            store.CompactedTopics.Add(CompactionKit.Topic);
            for (var i = 0; i < 24; i++)
                store.Put($"k{i % 12}", $"v{i}");
            for (var i = 0; i < 20; i++)
                store.Append("filler", 0, new string('f', 400));
            await store.WaitDispatchedAsync().Within("dispatched");
            store.WriteCheckpoint();
            store.DeleteBefore(2 * store.SegmentSize, force: true);
            for (var i = 0; i < 40; i++)
                store.Append(i % 3 == 0 ? "other" : "topic", i % 2, $"{i}:{new string('x', i * 5)}", "tag");
            for (var i = 0; i < 6; i++)
                store.Put($"k{i}", $"w{i}");
            for (var i = 0; i < 5; i++)
                store.AppendTimer(clock, "later", $"timer {i}", clock.Now() + (i * 7000) + 5000);
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
        SegmentSize = 4096,
        QueueFileEntries = 16,
        IndexSlots = 20,
        IndexEntries = 40,
        TimerWheelSlots = 64,
        TimerLogFileSize = (10 * 52) + 16,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 3 << 10,
        LightQueueFileSize = 4096,
        ConsumeQueueExtension = true,
        ConsumeQueueExtensionFileSize = 4096,
        CheckpointInterval = TimeSpan.FromMinutes(10),
    };
}
