using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Inspection;
using ProtoBridgeMQ.Tests.Store.Compaction;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Inspection;

/// <summary>A look at what is built of the log beside its queues: light queues, compacted topics, extensions, timers.</summary>
public sealed class VerifyProjectionsTests
{
    [Fact]
    public async Task A_sound_store_has_nothing_to_tell_and_everything_of_it_was_read()
    {
        var files = await MakeAsync();
        var report = Verify(files);
        Assert.Empty(report.Findings.Kept);
        Assert.Equal((1, true), (report.LightQueues, report.LightQueueEntries > 5));
        Assert.Equal((1, 20), (report.CompactedFiles, report.CompactedRecords));
        Assert.Equal(25, report.TimerUnits);
        Assert.True(report.ExtensionUnits > 20);
    }

    [Theory]
    [InlineData("timer-unit", "/timerlog/", 4, 0x80, true)]
    [InlineData("timer-unit", "/timerlog/", 52 + 3, 1, true)]
    [InlineData("timer-unit", "/timerlog/", 39, 1, true)]
    [InlineData("light-block", "/lightqueues/blocks/", 256 + 3, 1, true)]
    [InlineData("light-entry", "/lightqueues/blocks/", 256 + 32 + (10 * 20), 0x40, true)]
    [InlineData("light-head", "/lightqueues/heads/", 64 + 20, 1, false)]
    [InlineData("light-meta", "/lightqueues/heads/", 20, 1, false)]
    [InlineData("light-catalogue", "/lightqueues/catalogue", 0, 1, true)]
    [InlineData("light-catalogue-short", "/lightqueues/catalogue", 20, 1, true)]
    [InlineData("compacted-record", "/compaction/table/0/0", 64 + 150, 1, true)]
    [InlineData("compacted-file", "/compaction/table/0/0", 10, 1, true)]
    [InlineData("compaction-list", "/compaction/topics.json", 20, 1, true)]
    [InlineData("key-snapshot", "/compaction/table/0/keys", 30, 1, false)]
    [InlineData("extension-wrong", "/consumequeue_ext/filler/0/", (10 * 20) + 3, 1, true)]
    public async Task Damage_is_found(string kind, string file, int at, int change, bool isDamage)
    {
        var files = await MakeAsync();
        var path = files.Paths.Where(path => path.StartsWith("/store" + file, StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
        var content = files.Content(path);
        content[at] ^= (byte)change;
        files.Put(path, content);
        var report = Verify(files);
        Assert.Contains(kind, report.Findings.ByKind.Keys);
        Assert.Equal(isDamage, report.Findings.Damage > 0);
        var finding = report.Findings.Kept.First(finding => finding.Kind == kind);
        Assert.NotEmpty(finding.Advice);
        Assert.False(Path.IsPathRooted(finding.File));
    }

    [Fact]
    public async Task A_light_queue_that_is_made_while_they_are_looked_at_is_no_damage()
    {
        var files = new FaultyFileSystem(1);
        await using var store = LightQueueTests.Open(files);
        store.LightQueues.Create("n1", out _);
        await LightQueueTests.AppendAsync(store, 0, 20);
        Assert.True(store.WriteCheckpoint());
        var isMade = false;
        files.Looked = path =>
        {
            if (!path.Contains("/lightqueues/heads/", StringComparison.Ordinal) || isMade)
                return;
            isMade = true;
            store.LightQueues.Create("n2", out _);
            store.Append("topic", 0, "20");
            Assert.True(SpinWait.SpinUntil(() => store.Dispatched.Value == store.Written.Value, TimeSpan.FromSeconds(20)));
            Assert.True(store.WriteCheckpoint());
        };
        var report = new StoreVerifier(StoreFiles.Open("/store", files), 100).Run();
        Assert.True(isMade);
        Assert.Empty(report.Findings.Kept.Where(static finding => finding.Severity == FindingSeverity.Damage));
    }

    [Fact]
    public async Task Compacted_files_that_are_replaced_while_they_are_looked_at_are_no_damage()
    {
        var files = new FaultyFileSystem(1);
        await using var store = MessageStore.Open(CompactionKit.Small(), files, new ManualClock());
        await store.FillTable(20);
        store.DeleteHead();
        for (var i = 0; i < 20; i++)
            store.Put($"k{i}", "again");
        await store.Fill(2);
        var isReplaced = false;
        files.Looked = path =>
        {
            if (!path.Contains("/compaction/table/0/0", StringComparison.Ordinal) || isReplaced)
                return;
            isReplaced = true;
            store.DeleteHead();
        };
        var report = new StoreVerifier(StoreFiles.Open("/store", files), 100).Run();
        Assert.True(isReplaced);
        Assert.Empty(report.Findings.Kept.Where(static finding => finding.Severity == FindingSeverity.Damage));
        Assert.Equal((1, 20), (report.CompactedFiles, report.CompactedRecords));
    }

    [Fact]
    public async Task Garbage_in_any_of_these_files_is_survived()
    {
        var sound = await MakeAsync();
        var names = sound.Paths.Where(path => !path.Contains("/commitlog/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < 150; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                var files = new FaultyFileSystem(1);
                foreach (var path in sound.Paths)
                    files.Put(path, sound.Content(path));
                var name = names[random.Next(names.Length)];
                var content = files.Content(name);
                if (random.Next(4) == 0)
                    content = content[..random.Next(content.Length + 1)];
                else if (content.Length > 0)
                    random.NextBytes(content.AsSpan(random.Next(Math.Min(content.Length, 4096)))[..1]);
                files.Put(name, content);
                await Task.Run(() => Verify(files)).Within("verified " + name);
            });
        }
    }

    private static VerifyReport Verify(FaultyFileSystem files) => new StoreVerifier(StoreFiles.Open("/store", new FaultyProcess(files)), 1000).Run();

    private static async Task<FaultyFileSystem> MakeAsync()
    {
        var files = new FaultyFileSystem(1);
        var clock = new ManualClock();
        var options = TimerKit.Options("/store", options =>
        {
            options.SegmentSize = 16 << 10;
            options.MaxBodySize = 12 << 10;
            options.ConsumeQueueExtension = true;
            options.ConsumeQueueExtensionFileSize = 40_000;
            options.LightQueueFileSize = 4096;
        });
        await using var store = MessageStore.Open(options, new FaultyProcess(files), clock, lightQueueSelector: new NameSelector());
        store.LightQueues.Create("filler", out _);
        await store.FillTable(20);
        for (var i = 0; i < 25; i++)
            store.AppendTimer(clock, "topic", $"t{i}", clock.Now() + 60_000 + (i % 7 * 1000));
        await store.WaitDispatchedAsync().Within("dispatched");
        store.DeleteBefore(options.SegmentSize, force: true);
        Assert.Equal(options.SegmentSize, store.MinPhysicalOffset);
        return files;
    }
}
