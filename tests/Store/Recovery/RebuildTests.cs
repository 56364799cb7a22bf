using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Recovery;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Recovery;

/// <summary>Throwing away what is built from the log, and building it again.</summary>
public sealed class RebuildTests
{
    private const string Queue = "/store/consumequeue/topic/0/";

    [Fact]
    public async Task A_rebuild_makes_the_same_queue_files_whatever_was_in_them()
    {
        var files = await LostFileTests.Closed(200);
        var before = QueueFiles(files);
        Assert.Equal(4, before.Count);
        var garbage = files.Content(Queue + "00000000000000001280");
        garbage.AsSpan(100, 200).Fill(0x77);
        files.Put(Queue + "00000000000000001280", garbage);
        files.Put(Queue + "00000000000000009999", [1, 2, 3]);
        var told = new Told();
        await using (var store = Open(files, told))
        {
            Assert.Empty(store.Repairs);
            Assert.Equal(200, store.Bodies("topic", 0).Count);
            Assert.False(files.FileExists("/store/rebuild"));
        }

        Assert.Equal(before.Keys.Order(), QueueFiles(files).Keys.Order());
        foreach (var (path, content) in QueueFiles(files))
            Assert.Equal(before[path], content);
        Assert.True(told.Reports.Count >= 2);
        Assert.True(told.Reports[^1].IsRebuild);
        Assert.Equal(1, told.Reports[^1].Share);
        Assert.Equal(200, told.Reports[^1].Entries);
    }

    [Fact]
    public async Task A_rebuild_that_is_killed_anywhere_goes_on_at_the_next_start()
    {
        for (var stopAt = 1; ; stopAt++)
        {
            var files = await LostFileTests.Closed(30);
            var killer = new KillingFileSystem(new FaultyProcess(files), stopAt);
            try
            {
                await using var store = MessageStore.Open(Options(rebuild: true), killer);
            }
            catch (StoreUnusableException)
            {
            }

            if (!killer.HasKilled)
                break;
            files.Crash(powerLoss: stopAt % 2 == 0);
            await using var again = LostFileTests.Open(files);
            Assert.True(30 == again.Bodies("topic", 0).Count, $"killed at call {stopAt}");
            Assert.Equal(30, again.Append("topic", 0, "next").QueueOffset);
        }
    }

    [Fact]
    public async Task A_rebuild_that_finds_no_room_for_its_last_entries_is_not_done()
    {
        var files = await LostFileTests.Closed(30);
        files.Add(new Fault(FileCall.Write, "consumequeue", effect: FaultEffect.DiskFull));
        Assert.Throws<StoreUnusableException>(() => MessageStore.Open(Options(rebuild: true), new FaultyProcess(files)));
        Assert.True(files.FileExists("/store/rebuild"));
        files.MakeRoom();
        files.Crash(powerLoss: true);
        await using var again = LostFileTests.Open(files);
        Assert.Contains("UnfinishedRebuild", LostFileTests.Names(again));
        Assert.Equal(30, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task UnfinishedRebuild_goes_on_without_being_asked()
    {
        var files = await LostFileTests.Closed(100);
        files.Put("/store/rebuild", "x"u8);
        files.DeleteFile(Queue + "00000000000000000000");
        await using var again = LostFileTests.Open(files);
        Assert.Equal(["UnfinishedRebuild"], LostFileTests.Names(again));
        Assert.Equal(100, again.Bodies("topic", 0).Count);
        Assert.False(files.FileExists("/store/rebuild"));
    }

    [Fact]
    public async Task A_queue_of_which_the_log_has_nothing_any_more_keeps_its_next_offset()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = LostFileTests.Open(files))
        {
            for (var i = 0; i < 70; i++)
                store.Append("early", 0, "gone");
            for (var i = 0; i < 200; i++)
                store.Append("topic", 0, new string('x', 1900));
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        files.DeleteFile("/store/commitlog/00000000000000000000");
        await using (var rebuilt = Open(files, new Told()))
        {
            Assert.True(rebuilt.TryGetQueue("early", 0, out var emptied));
            Assert.Equal((70, 70), (emptied.MinOffset, emptied.MaxOffset));
            Assert.True(rebuilt.TryGetQueue("topic", 0, out var kept));
            Assert.Equal(200, kept.MaxOffset);
            Assert.True(kept.MinOffset > 0);
            Assert.Equal(200 - kept.MinOffset, rebuilt.Bodies("topic", 0).Count);
        }

        await using var again = LostFileTests.Open(files);
        Assert.Empty(again.Repairs);
        Assert.Equal(70, again.Append("early", 0, "next").QueueOffset);
        Assert.Equal(200, again.Append("topic", 0, "next").QueueOffset);
    }

    [Fact]
    public async Task A_rebuild_does_not_take_damage_of_durable_records_for_the_end_of_the_log()
    {
        var files = await LostFileTests.Closed(100);
        var log = files.Content("/store/commitlog/00000000000000000000");
        log.AsSpan(20_000, 44_000).Clear();
        files.Put("/store/commitlog/00000000000000000000", log);
        Assert.Throws<StoreUnusableException>(() => Open(files, new Told()));
        Assert.True(files.FileExists("/store/commitlog/00000000000000065536"));
    }

    private static Dictionary<string, byte[]> QueueFiles(FaultyFileSystem files) =>
        files.Paths.Where(path => path.StartsWith(Queue, StringComparison.Ordinal)).ToDictionary(path => path, files.Content);

    private static StoreOptions Options(bool rebuild, IProgress<RecoveryProgress>? progress = null)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.Rebuild = rebuild;
        options.Progress = progress;
        return options;
    }

    private static MessageStore Open(FaultyFileSystem files, Told told) => MessageStore.Open(Options(rebuild: true, told), new FaultyProcess(files));

    private sealed class Told : IProgress<RecoveryProgress>
    {
        public List<RecoveryProgress> Reports { get; } = [];

        public void Report(RecoveryProgress value) => Reports.Add(value);
    }
}
