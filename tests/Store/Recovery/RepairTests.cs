using System.Buffers.Binary;
using System.Text;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Recovery;

/// <summary>Each named repair, and what is refused instead of repaired.</summary>
public sealed class RepairTests
{
    private const string First = "/store/commitlog/00000000000000000000";
    private const string Second = "/store/commitlog/00000000000000065536";
    private const string Third = "/store/commitlog/00000000000000131072";

    [Fact]
    public async Task UncleanStop_and_MissingQueueTail_after_a_killed_process()
    {
        var files = new FaultyFileSystem(1);
        var store = await Filled(files, 10, close: false);
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        await using var again = Open(files);
        Assert.Equal(["UncleanStop", "MissingQueueTail"], Names(again));
        Assert.Equal(10, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task TornRecord_is_cut_and_the_bytes_behind_it_are_cleared()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        var log = files.Content(First);
        var end = EndOf(log);
        log.AsSpan(0, 1500).CopyTo(log.AsSpan(end));
        BinaryPrimitives.WriteInt64BigEndian(log.AsSpan(end + 28), end);
        log.AsSpan(end + 512, 700).Clear();
        log.AsSpan(end + 5000, 3000).Fill(0x5A);
        files.Put(First, log);
        files.Put("/store/abort", "1"u8);

        await using var again = Open(files);
        Assert.Contains("TornRecord", Names(again));
        Assert.Equal(10, again.Bodies("topic", 0).Count);
        Assert.Equal(end, again.Written.Value);
        Assert.True(files.Content(First).AsSpan(end).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public async Task ShortTailSegment_that_is_empty_is_removed()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        files.Put(Second, default);
        await using var again = Open(files);
        Assert.Contains("ShortTailSegment", Names(again));
        Assert.Equal(10, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task SegmentsBeyondEnd_are_removed()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        files.Put(Second, new byte[64 << 10]);
        await using var again = Open(files);
        Assert.Equal(["SegmentsBeyondEnd"], Names(again));
        Assert.False(files.FileExists(Second));
        for (var i = 0; i < 60; i++)
            Assert.Equal(AppendStatus.Appended, again.Append("topic", 0, new string('y', 2000)).Status);
        await again.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(70, again.Bodies("topic", 0).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(4096)]
    public async Task LostCheckpoint_reads_the_log_from_its_start(int length)
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 100, close: true))
        {
        }

        files.Put("/store/checkpoint", new byte[length]);
        await using var again = Open(files);
        Assert.Contains("LostCheckpoint", Names(again));
        Assert.Equal(100, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task CheckpointAheadOfLog_reads_the_last_segment_and_QueueAheadOfLog_cuts_the_queues()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 100, close: true))
        {
        }

        files.DeleteFile(Third);
        files.SyncDirectory("/store/commitlog");
        files.DeleteFile("/store/commitlog/00000000000000196608");
        await using var again = Open(files);
        Assert.Contains("CheckpointAheadOfLog", Names(again));
        Assert.Contains("QueueAheadOfLog", Names(again));
        Assert.Equal(128 << 10, again.Written.Value);
        var kept = again.Bodies("topic", 0);
        Assert.InRange(kept.Count, 50, 99);
        Assert.Equal(kept.Count, again.Append("topic", 0, "next").QueueOffset);
    }

    [Fact]
    public async Task A_missing_queue_file_is_made_again_from_the_log()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 200, close: true))
        {
        }

        files.DeleteFile("/store/consumequeue/topic/0/00000000000000001280");
        await using var again = Open(files);
        Assert.Contains("MissingQueueTail", Names(again));
        Assert.Equal(200, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task A_clean_stop_needs_no_repair_and_reads_no_record()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 200, close: true))
        {
        }

        var counting = new CountingFileSystem(files);
        await using var again = MessageStore.Open(StoreKit.Small("/store"), counting);
        Assert.Empty(again.Repairs);
        Assert.Single(counting.Mapped.Distinct(), path => path.Contains("commitlog", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_crash_only_what_follows_the_checkpoint_is_read()
    {
        var files = new FaultyFileSystem(1);
        var store = await Filled(files, 300, close: false);
        Assert.True(store.WriteCheckpoint());
        store.Append("topic", 0, "after");
        await store.WaitDispatchedAsync().Within("dispatched");
        files.Crash(powerLoss: false);
        await store.DisposeAsync();

        var counting = new CountingFileSystem(files);
        await using var again = MessageStore.Open(StoreKit.Small("/store"), counting);
        Assert.InRange(counting.Mapped.Distinct().Count(), 1, 2);
        Assert.Contains(again.Repairs, repair => repair.Done.Contains("Made 1 queue entries", StringComparison.Ordinal));
        Assert.Equal(301, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task DamagedRecord_between_sound_ones_is_kept_and_the_others_are_served()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        files.Put("/store/checkpoint", default);
        files.FlipBit(First, 120, 3);
        await using var again = Open(files);
        Assert.Contains("DamagedRecord", Names(again));
        Assert.True(again.TryGetQueue("topic", 0, out var queue));
        Assert.Equal(10, queue.MaxOffset);
    }

    [Fact]
    public async Task DamagedRecord_whose_length_changed_is_stepped_over_and_the_others_are_served()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        files.Put("/store/checkpoint", default);
        files.FlipBit(First, 2, 3);
        await using var again = Open(files);
        Assert.Contains("DamagedRecord", Names(again));
        Assert.True(again.TryGetQueue("topic", 0, out var queue));
        Assert.Equal(10, queue.MaxOffset);
        Assert.True(queue.TryReadEntry(0, out var damaged));
        Assert.True(again.ReadRecord(damaged.PhysicalOffset, damaged.Size).IsEmpty);
    }

    [Fact]
    public async Task A_hole_in_the_segment_chain_is_refused_with_advice()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 100, close: true))
        {
        }

        files.DeleteFile(Second);
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(files));
        Assert.Contains("00000000000000065536 is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Restore", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_without_segments_but_with_a_checkpoint_is_refused()
    {
        var files = new FaultyFileSystem(1);
        await using (await Filled(files, 10, close: true))
        {
        }

        files.DeleteFile(First);
        Assert.Throws<StoreUnusableException>(() => Open(files));
    }

    [Fact]
    public void A_config_file_is_the_old_or_the_new_one_after_any_power_loss()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var config = new ConfigFile(files, "/store/config/topics.json");
            for (var i = 1; i <= 3; i++)
                config.Write($"{i}");
            using (var half = files.Open("/store/config/topics.json.tmp"))
            {
                half.Write("4"u8, 0);
                if (seed % 2 == 0)
                    half.Flush();
            }

            if (seed % 2 == 0)
                files.Rename("/store/config/topics.json.tmp", "/store/config/topics.json");
            files.Crash(powerLoss: true);
            var value = new ConfigFile(files, "/store/config/topics.json").Read(bytes => int.Parse(Encoding.UTF8.GetString(bytes), null));
            Assert.InRange(value, 3, seed % 2 == 0 ? 4 : 3);
        }
    }

    [Fact]
    public void A_config_file_that_does_not_parse_gives_the_one_before()
    {
        var files = new FaultyFileSystem(1);
        var config = new ConfigFile(files, "/store/config/topics.json");
        Assert.Equal(0, config.Read(bytes => int.Parse(Encoding.UTF8.GetString(bytes), null)));
        config.Write("1");
        config.Write("2");
        files.Put("/store/config/topics.json", "{"u8);
        Assert.Equal(1, config.Read(bytes => int.Parse(Encoding.UTF8.GetString(bytes), null)));
    }

    internal static async Task<MessageStore> Filled(FaultyFileSystem files, int count, bool close)
    {
        var store = Open(files);
        AppendResult last = default;
        for (var i = 0; i < count; i++)
            last = store.Append("topic", 0, $"{i}:{new string('x', 1900)}", "tag");
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(last.End).Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");
        if (close)
            await store.DisposeAsync();
        return store;
    }

    private static MessageStore Open(FaultyFileSystem files)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return MessageStore.Open(options, new FaultyProcess(files));
    }

    private static string[] Names(MessageStore store) => [.. store.Repairs.Select(repair => repair.Name)];

    private static int EndOf(byte[] segment)
    {
        var at = 0;
        while (BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(at)) is > 0 and var size)
            at += size;
        return at;
    }
}
