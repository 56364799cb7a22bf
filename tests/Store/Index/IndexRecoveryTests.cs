using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>After any end of a run the index has the entries of the records of the log, each once and in order.</summary>
public sealed class IndexRecoveryTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task After_any_crash_the_index_has_every_entry_once(bool powerLoss)
    {
        for (var i = 0; i < 60; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss));
    }

    [Fact]
    public async Task MissingIndexTail_is_made_again_after_a_killed_process()
    {
        var files = new FaultyFileSystem(1);
        var store = await Filled(files, 30, close: false);
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        await using var again = Open(files);
        Assert.Contains("MissingIndexTail", Names(again));
        AssertEqualToLog(files, again);
    }

    [Fact]
    public async Task IndexSlotsAhead_lead_to_the_entries_that_are_counted_again()
    {
        var files = new FaultyFileSystem(1);
        var store = await Filled(files, 30, close: false);
        store.WriteCheckpoint();
        for (var i = 0; i < 8; i++)
            store.AppendKeyed("topic", "again");
        await store.WaitDispatchedAsync().Within("dispatched");
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        await using var again = Open(files);
        Assert.Contains("IndexSlotsAhead", Names(again));
        AssertEqualToLog(files, again);
        Assert.Equal(8, again.Find("topic", "again").Count);
    }

    [Fact]
    public async Task IndexAheadOfLog_is_cut_where_the_log_ends()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        var checkpoint = files.Content("/store/checkpoint");
        await using (await Filled(files, 90, close: true))
        {
        }

        // The log lost its second half, and nothing knows of it but the index.
        var segment = files.Paths.Single(path => path.Contains("commitlog", StringComparison.Ordinal));
        var bytes = files.Content(segment);
        var at = 0;
        for (var i = 0; i < 50; i++)
            at += BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
        bytes.AsSpan(at).Clear();
        files.Put(segment, bytes);
        files.Put("/store/checkpoint", checkpoint);
        files.Put("/store/abort", "1"u8);

        await using (var again = Open(files))
        {
            Assert.Contains("IndexAheadOfLog", Names(again));
            AssertEqualToLog(files, again);
            again.AppendKeyed("topic", "after", "unique");
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.Single(again.Find("topic", "after"));
            again.WriteCheckpoint();
            AssertEqualToLog(files, again);
        }

        await using var clean = Open(files);
        Assert.Empty(clean.Repairs);
    }

    [Theory]
    [InlineData(0, "short")]
    [InlineData(1, "short")]
    [InlineData(2, "short")]
    [InlineData(0, "header")]
    [InlineData(1, "header")]
    [InlineData(2, "header")]
    [InlineData(2, "count")]
    [InlineData(0, "nothing left")]
    [InlineData(1, "gone")]
    public async Task LostIndexFile_is_made_again_with_those_behind_it(int which, string damage)
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 100, close: true))
        {
        }

        var path = IndexPaths(files)[which];
        var bytes = files.Content(path);
        switch (damage)
        {
            case "short":
                files.Put(path, bytes.AsSpan(0, bytes.Length / 2));
                break;
            case "nothing left":
                files.Put(path, []);
                break;
            case "header":
                bytes.AsSpan(24, 8).Fill(0x11);
                files.Put(path, bytes);
                break;
            case "count":
                bytes[39] -= 3;
                files.Put(path, bytes);
                break;
            default:
                files.DeleteFile(path);
                break;
        }

        await using (var again = Open(files))
        {
            Assert.Contains(damage == "gone" ? "MissingIndexFile" : "LostIndexFile", Names(again));
            AssertEqualToLog(files, again);
        }

        await using var clean = Open(files);
        Assert.Empty(clean.Repairs);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task MissingIndexFile_is_noticed_behind_records_without_keys_and_across_a_clean_stop(int unkeyed)
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            for (var i = 0; i < 240; i++)
            {
                store.AppendKeyed("topic", $"key{i} common", $"U{i}");
                for (var j = 0; j < unkeyed; j++)
                    store.Append("other", 0, "without keys");
            }

            await store.WaitDispatchedAsync().Within("dispatched");
        }

        await using (var store = Open(files))
            Assert.Empty(store.Repairs);
        Assert.Equal(8, IndexPaths(files).Length);
        files.DeleteFile(IndexPaths(files)[1]);
        files.DeleteFile(IndexPaths(files)[1]);
        await using (var store = Open(files))
        {
            Assert.Equal(["MissingIndexFile"], Names(store));
            AssertEqualToLog(files, store);
            Assert.Single(store.Find("topic", "key50"));
        }

        await using var clean = Open(files);
        Assert.Empty(clean.Repairs);
        AssertEqualToLog(files, clean);
    }

    [Fact]
    public async Task A_recovery_that_is_killed_while_it_makes_files_again_is_done_again()
    {
        var sound = new FaultyFileSystem(1);
        await using (await Filled(sound, 100, close: true))
        {
        }

        var content = sound.Paths.ToDictionary(path => path, sound.Content);
        for (var calls = 0; ; calls++)
        {
            var files = new FaultyFileSystem(1);
            foreach (var (path, bytes) in content)
                files.Put(path, bytes);
            var damaged = IndexPaths(files)[1];
            files.Put(damaged, content[damaged].AsSpan(0, 100));
            var killing = new KillingFileSystem(new FaultyProcess(files), calls);
            try
            {
                await using var store = MessageStore.Open(Options(), killing);
            }
            catch (Exception error) when (error is StoreUnusableException or IOException)
            {
                // Killed while it opened.
            }

            files.Crash(powerLoss: true);
            await using (var again = Open(files))
                AssertEqualToLog(files, again);
            if (!killing.HasKilled)
                break;
        }
    }

    [Theory]
    [InlineData(100, 0, 1, "MissingFirstIndexFile")]
    [InlineData(100, 0, 2, "MissingFirstIndexFile")]
    [InlineData(100, 3, 1, "MissingLastIndexFile")]
    [InlineData(100, 2, 2, "MissingLastIndexFile")]
    [InlineData(100, 0, 4, "MissingFirstIndexFile")]
    [InlineData(20, 0, 1, "MissingFirstIndexFile")]
    public async Task MissingFirstIndexFile_and_MissingLastIndexFile_are_noticed_by_the_checkpoint(int messages, int from, int count, string repair)
    {
        foreach (var killed in new[] { false, true })
        {
            var files = new FaultyFileSystem(1);
            var store = await Filled(files, messages, close: false);
            if (killed)
            {
                store.WriteCheckpoint();
                files.Crash(powerLoss: false);
            }

            await store.DisposeAsync();
            foreach (var path in IndexPaths(files).Skip(from).Take(count))
                files.DeleteFile(path);
            await using (var again = Open(files))
            {
                Assert.Contains(repair, Names(again));
                AssertEqualToLog(files, again);
                Assert.Single(again.Find("topic", "key1"));
                Assert.Single(again.Find("topic", $"key{messages - 1}"));
            }

            await using var clean = Open(files);
            Assert.Empty(clean.Repairs);
            AssertEqualToLog(files, clean);
        }
    }

    [Fact]
    public async Task Index_files_that_retention_deleted_are_not_missed_wherever_it_was_killed()
    {
        for (var calls = 0; ; calls++)
        {
            var files = new FaultyFileSystem(1);
            var store = Open(files);
            for (var i = 0; i < 400; i++)
                store.AppendKeyed("topic", $"key{i} common", $"U{i}" + new string('u', 200));
            await store.WaitDispatchedAsync().Within("dispatched");
            store.WriteCheckpoint();
            files.StopAfter(calls);
            store.DeleteBefore(store.Written.Value - (64 << 10));
            var isDone = !files.IsStopped;
            files.Crash(powerLoss: true);
            await store.DisposeAsync();
            await using (var again = Open(files))
                Assert.DoesNotContain(Names(again), name => name.Contains("Index", StringComparison.Ordinal));
            await using (var clean = Open(files))
                Assert.Empty(clean.Repairs);
            if (isDone)
                break;
        }
    }

    [Fact]
    public async Task An_index_that_was_switched_off_begins_at_the_checkpoint_and_is_whole_after_a_rebuild()
    {
        var files = new FaultyFileSystem(1);
        var off = Options();
        off.IndexEnabled = false;
        await using (var store = MessageStore.Open(off, new FaultyProcess(files)))
        {
            store.AppendKeyed("topic", "key1");
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        await using (var store = Open(files))
        {
            Assert.Empty(store.Repairs);
            Assert.Empty(store.Find("topic", "key1"));
            store.AppendKeyed("topic", "after");
            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.Single(store.Find("topic", "after"));
        }

        var options = Options();
        options.Rebuild = true;
        await using var whole = MessageStore.Open(options, new FaultyProcess(files));
        AssertEqualToLog(files, whole);
        Assert.Single(whole.Find("topic", "key1"));
    }

    [Fact]
    public async Task The_checkpoint_says_how_far_the_index_is_on_the_disk_as_Apache_reads_it()
    {
        var files = new FaultyFileSystem(1);
        var clock = new ManualClock();
        await using (var store = MessageStore.Open(Options(), files, clock))
        {
            for (var i = 0; i < 70; i++)
            {
                store.AppendKeyed("topic", $"key{i}");
                clock.Advance(TimeSpan.FromSeconds(1));
            }

            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.True(store.WriteCheckpoint());
            var indexed = BinaryPrimitives.ReadInt64BigEndian(files.Content("/store/checkpoint").AsSpan(16));
            Assert.Equal(clock.GetUtcNow().ToUnixTimeMilliseconds() - 1000, indexed);
            Assert.All(IndexPaths(files), path => Assert.True(IndexHeader.Read(files.Content(path)).EndTimestamp <= indexed));
        }
    }

    [Fact]
    public async Task The_head_on_the_disk_never_counts_an_entry_that_is_not_there()
    {
        for (var i = 0; i < 40; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                var files = new FaultyFileSystem(random.Next());
                var store = await Filled(files, random.Next(10, 90), close: false);
                if (random.Next(2) == 0)
                    store.WriteCheckpoint();
                store.AppendKeyed("topic", "more");
                await store.WaitDispatchedAsync().Within("dispatched");
                files.Crash(powerLoss: true);
                await store.DisposeAsync();
                foreach (var path in IndexPaths(files).Where(path => files.Content(path).Length == new IndexLayout(50, 100).FileSize))
                {
                    var content = IndexKit.Read(files.Content(path), 50);
                    for (var at = 0; at < content.Entries.Count; at++)
                        Assert.True(content.Entries[at].Offset >= (at == 0 ? 0 : content.Entries[at - 1].Offset) && content.Entries[at].Hash > 0);
                    if (!content.Header.IsEmpty)
                        Assert.Equal(content.Header.EndOffset, content.Entries[^1].Offset);
                }
            });
        }
    }

    private static async Task RunHistory(Random random, bool powerLoss)
    {
        var files = new FaultyFileSystem(random.Next());
        var serial = 0;
        for (var life = random.Next(2, 5); life > 0; life--)
        {
            var store = Open(files, random.Next(4) == 0 ? FlushMode.Async : FlushMode.Fsync);
            AssertEqualToLog(files, store);
            for (var step = random.Next(80); step > 0; step--)
            {
                switch (random.Next(8))
                {
                    case 0:
                        await store.WaitDispatchedAsync().Within("dispatched");
                        store.WriteCheckpoint();
                        break;
                    case 1:
                        store.Append("other", 0, "without keys");
                        break;
                    default:
                        store.AppendKeyed(random.Next(2) == 0 ? "topic" : "other", $"a{random.Next(9)} b{++serial}", random.Next(2) == 0 ? $"U{serial}" : null);
                        break;
                }
            }

            if (random.Next(5) == 0)
                await store.DisposeAsync();
            files.Crash(powerLoss);
            await store.DisposeAsync();
        }

        await using (var last = Open(files))
            AssertEqualToLog(files, last);
        await using var clean = Open(files);
        Assert.Empty(clean.Repairs);
        AssertEqualToLog(files, clean);
    }

    /// <summary>The files, all flushed by the checkpoint at the end of opening, against what the log says they should have.</summary>
    private static void AssertEqualToLog(FaultyFileSystem files, MessageStore store)
    {
        var expected = new List<(int Hash, long Offset)>();
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        while (reader.TryReadNext(out var record))
        {
            var topic = KeyHash.OfTopic(record.Topic);
            if (PropertyText.TryGet(record.Properties, "UNIQ_KEY"u8, out var unique))
                expected.Add((KeyHash.Of(topic, unique), record.PhysicalOffset));
            foreach (var key in (PropertyText.GetString(record.Properties, "KEYS"u8) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                expected.Add((KeyHash.Of(topic, System.Text.Encoding.UTF8.GetBytes(key)), record.PhysicalOffset));
        }

        var contents = IndexPaths(files).Select(path => IndexKit.Read(files.Content(path), 50)).ToList();
        Assert.Equal(expected, contents.SelectMany(content => content.Entries).Select(entry => (entry.Hash, entry.Offset)));
        foreach (var content in contents)
            AssertChains(content);
    }

    /// <summary>Each slot leads to the newest of its entries, each entry to the one before it in its slot.</summary>
    private static void AssertChains(IndexContent content)
    {
        var slots = new int[50];
        for (var i = 0; i < content.Entries.Count; i++)
        {
            Assert.Equal(slots[content.Entries[i].Hash % 50], content.Entries[i].Previous);
            slots[content.Entries[i].Hash % 50] = i + 1;
        }

        Assert.Equal(slots, Enumerable.Range(0, 50).Select(slot => BinaryPrimitives.ReadInt32BigEndian(content.Slots.AsSpan(slot * 4))));
        Assert.Equal(slots.Count(slot => slot != 0), content.Header.UsedSlots);
    }

    private static async Task<MessageStore> Filled(FaultyFileSystem files, int count, bool close)
    {
        var store = Open(files);
        for (var i = 0; i < count; i++)
            store.AppendKeyed("topic", $"key{i} common", $"U{i}");
        await store.WaitDispatchedAsync().Within("dispatched");
        if (close)
            await store.DisposeAsync();
        return store;
    }

    private static MessageStore Open(FaultyFileSystem files, FlushMode flush = FlushMode.Fsync)
    {
        var options = Options();
        options.FlushMode = flush;
        return MessageStore.Open(options, new FaultyProcess(files));
    }

    private static StoreOptions Options()
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return options;
    }

    private static string[] IndexPaths(FaultyFileSystem files) =>
        [.. files.Paths.Where(path => path.StartsWith("/store/index/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string[] Names(MessageStore store) => [.. store.Repairs.Select(repair => repair.Name)];
}
