using System.Buffers.Binary;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Recovery;

/// <summary>Repairs of what is lost around the records: segments' ends, queue files, the abort file; and what is refused.</summary>
public sealed class LostFileTests
{
    private const int SegmentSize = 64 << 10;
    private const string First = "/store/commitlog/00000000000000000000";
    private const string Second = "/store/commitlog/00000000000000065536";
    private const string Fourth = "/store/commitlog/00000000000000196608";
    private const string Fifth = "/store/commitlog/00000000000000262144";
    private const string Sixth = "/store/commitlog/00000000000000327680";

    [Fact]
    public async Task TornSegment_in_the_middle_that_has_its_filler_is_extended()
    {
        var files = await Closed(100);
        var content = files.Content(Second);
        var end = BlankOf(content) + 8;
        files.Put(Second, content.AsSpan(0, end));
        await using var again = Open(files);
        Assert.Equal(["TornSegment"], Names(again));
        Assert.Equal(100, again.Bodies("topic", 0).Count);
        Assert.Equal(SegmentSize, files.Content(Second).Length);
    }

    [Fact]
    public async Task A_segment_in_the_middle_without_its_last_messages_is_refused_and_left_as_it_is()
    {
        var files = await Closed(100);
        var content = files.Content(Second);
        files.Put(Second, content.AsSpan(0, BlankOf(content) - 100));
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(files));
        Assert.Contains("00000000000000065536", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("restore", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(BlankOf(content) - 100, files.Content(Second).Length);
        Assert.False(files.FileExists("/store/abort"));
    }

    [Fact]
    public async Task TornSegment_behind_the_checkpoint_ends_the_log()
    {
        var files = await Closed(40);
        var content = files.Content(First);
        Assert.True(files.Content(Second).AsSpan(0, 4).ContainsAnyExcept((byte)0));
        var checkpoint = files.Content("/store/checkpoint");
        files.Put("/store/checkpoint", default);
        files.Put("/store/abort", "1"u8);
        var cut = BlankOf(content) / 2;
        files.Put(First, content.AsSpan(0, cut));

        // Without a checkpoint nothing is known to have been durable, but messages are missing: no crash is certain.
        Assert.Throws<StoreUnusableException>(() => Open(files));
        files.Put("/store/checkpoint", OwnCheckpoint(checkpoint, 0));
        await using var again = Open(files);
        Assert.Contains("TornSegment", Names(again));
        Assert.Contains("TornRecord", Names(again));
        Assert.Contains("SegmentsBeyondEnd", Names(again));
        Assert.InRange(again.Bodies("topic", 0).Count, 5, 39);
    }

    [Fact]
    public async Task EmptySegmentBeyondHole_is_removed()
    {
        var files = await Closed(100);
        Assert.False(files.FileExists(Fifth));
        Assert.True(files.FileExists(Fourth));
        files.Put(Sixth, new byte[SegmentSize]);
        await using var again = Open(files);
        Assert.Equal(["EmptySegmentBeyondHole"], Names(again));
        Assert.False(files.FileExists(Sixth));
        Assert.Equal(100, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task A_segment_with_messages_behind_a_hole_is_refused()
    {
        var files = await Closed(100);
        files.Put(Sixth, files.Content(First));
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(files));
        Assert.Contains("has a hole", refusal.Message, StringComparison.Ordinal);
        Assert.True(files.FileExists(Sixth));
    }

    [Fact]
    public async Task An_empty_file_in_the_place_of_a_segment_with_messages_is_refused()
    {
        var files = await Closed(100);
        files.Put(Second, default);
        Assert.Throws<StoreUnusableException>(() => Open(files));
        Assert.Empty(files.Content(Second));
    }

    [Fact]
    public async Task CheckpointBehindLog_when_the_abort_file_of_a_killed_process_is_deleted()
    {
        var files = new FaultyFileSystem(1);
        var store = await RepairTests.Filled(files, 10, close: false);
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        files.DeleteFile("/store/abort");
        await using var again = Open(files);
        Assert.Equal(["CheckpointBehindLog", "MissingQueueTail"], Names(again));
        Assert.Equal(10, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task CheckpointBehindLog_when_an_older_checkpoint_is_put_back()
    {
        var files = await Closed(10);
        var older = files.Content("/store/checkpoint");
        await using (var store = Open(files))
        {
            for (var i = 0; i < 100; i++)
                store.Append("topic", 0, new string('x', 1900));
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        files.Put("/store/checkpoint", older);
        await using var again = Open(files);
        Assert.Equal("CheckpointBehindLog", Names(again)[0]);
        Assert.Equal(110, again.Bodies("topic", 0).Count);
    }

    [Fact]
    public async Task Half_a_record_behind_a_lost_abort_file_is_cleared()
    {
        var files = await Closed(10);
        var end = EndOf(files.Content(First));
        var log = files.Content(First);
        log.AsSpan(end + 4, 300).Fill(7);
        files.Put(First, log);
        await using var again = Open(files);
        Assert.Contains("CheckpointBehindLog", Names(again));
        Assert.True(files.Content(First).AsSpan(end).IndexOfAnyExcept((byte)0) < 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MissingQueueFiles_a_deleted_queue_directory_is_noticed(bool aborted)
    {
        var files = await Closed(200);
        foreach (var path in files.Paths.Where(path => path.StartsWith("/store/consumequeue/topic/0/", StringComparison.Ordinal)))
            files.DeleteFile(path);
        if (aborted)
            files.Put("/store/abort", "1"u8);
        await using var again = Open(files);
        Assert.Contains("MissingQueueFiles", Names(again));
        Assert.Contains("MissingQueueTail", Names(again));
        Assert.Equal(200, again.Bodies("topic", 0).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LostFirstQueueFile_is_noticed_and_made_again(bool aborted)
    {
        var files = await Closed(200);
        files.DeleteFile("/store/consumequeue/topic/0/00000000000000000000");
        if (aborted)
            files.Put("/store/abort", "1"u8);
        await using (var again = Open(files))
        {
            Assert.Contains("LostFirstQueueFile", Names(again));
            Assert.Equal(200, again.Bodies("topic", 0).Count);
            Assert.Equal(200, again.Append("topic", 0, "next").QueueOffset);
        }

        await using var later = Open(files);
        Assert.Empty(later.Repairs);
        Assert.Equal(201, later.Bodies("topic", 0).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_first_queue_file_that_retention_deleted_is_not_missed(bool killed)
    {
        var files = new FaultyFileSystem(1);
        var store = await RepairTests.Filled(files, 400, close: false);
        Assert.True(store.WriteCheckpoint());
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.True(queue.TryReadEntry(192, out var entry));
        store.DeleteBefore(entry.PhysicalOffset, force: true);
        Assert.True(store.MinPhysicalOffset > 0);
        Assert.False(files.FileExists("/store/consumequeue/topic/0/00000000000000000000"));
        var begins = queue.MinOffset;
        if (killed)
            files.Crash(powerLoss: true);
        await store.DisposeAsync();
        await using var again = Open(files);
        Assert.DoesNotContain("LostFirstQueueFile", Names(again));
        Assert.True(again.TryGetQueue("topic", 0, out queue));
        Assert.Equal((begins, 400L), (queue.MinOffset, queue.MaxOffset));
    }

    [Fact]
    public async Task LostFirstQueueFile_of_a_queue_without_any_message_lets_it_begin_at_0()
    {
        var files = new FaultyFileSystem(1);
        files.Put("/store/consumequeue/topic/0/00000000000000001280", new byte[1280]);
        files.Put("/store/abort", "1"u8);
        await using var store = Open(files);
        Assert.Contains("LostFirstQueueFile", Names(store));
        Assert.Equal(0, store.Append("topic", 0, "first").QueueOffset);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(5000)]
    public async Task QueueFileSize_a_short_or_long_queue_file_gets_its_length(int length)
    {
        const string queue = "/store/consumequeue/topic/0/00000000000000000000";
        var files = await Closed(50);
        var content = files.Content(queue);
        Assert.Equal(64 * 20, content.Length);
        var changed = new byte[length];
        content.AsSpan(0, Math.Min(length, content.Length)).CopyTo(changed);
        files.Put(queue, changed);
        await using var again = Open(files);
        Assert.Contains("QueueFileSize", Names(again));
        Assert.Equal(50, again.Bodies("topic", 0).Count);
        Assert.Equal(64 * 20, files.Content(queue).Length);
    }

    [Fact]
    public async Task Sound_records_farther_behind_than_a_crash_explains_are_never_cut_off()
    {
        var files = await Closed(200);
        var log = files.Content(First);
        log.AsSpan(20_000, 20_000).Clear();
        files.Put(First, log);
        files.Put("/store/checkpoint", default);
        var options = StoreKit.Small("/store");
        options.MaxUnflushedBytes = 128 << 10;
        var refusal = Assert.Throws<StoreUnusableException>(() => MessageStore.Open(options, new FaultyProcess(files)));
        Assert.Contains("Restore segment 00000000000000000000", refusal.Message, StringComparison.Ordinal);
        Assert.True(files.FileExists(Fifth));
    }

    [Fact]
    public async Task A_refused_open_lets_mappings_and_lock_go()
    {
        var files = await Closed(200);
        var log = files.Content(First);
        log.AsSpan(20_000, 20_000).Clear();
        files.Put(First, log);
        files.Put("/store/checkpoint", default);
        var counting = new CountingFileSystem(files);
        var options = StoreKit.Small("/store");
        options.MaxUnflushedBytes = 128 << 10;
        Assert.Throws<StoreUnusableException>(() => MessageStore.Open(options, counting));
        Assert.True(counting.Mapped.Count > 0);
        Assert.Equal(0, counting.Held);
    }

    internal static async Task<FaultyFileSystem> Closed(int count)
    {
        var files = new FaultyFileSystem(1);
        await using (await RepairTests.Filled(files, count, close: true))
        {
        }

        return files;
    }

    internal static MessageStore Open(FaultyFileSystem files)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return MessageStore.Open(options, new FaultyProcess(files));
    }

    internal static string[] Names(MessageStore store) => [.. store.Repairs.Select(repair => repair.Name)];

    private static byte[] OwnCheckpoint(byte[] page, long recoverOffset)
    {
        Assert.True(ProtoBridgeMQ.Store.Checkpoints.Checkpoint.TryRead(page, out var checkpoint));
        var changed = new byte[page.Length];
        (checkpoint with { RecoverOffset = recoverOffset, QueueEnds = 0 }).Write(changed);
        return changed;
    }

    private static int EndOf(byte[] segment)
    {
        var at = 0;
        while (BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(at)) is > 0 and var size)
            at += size;
        return at;
    }

    private static int BlankOf(byte[] segment)
    {
        var at = 0;
        while (BinaryPrimitives.ReadUInt32BigEndian(segment.AsSpan(at + 4)) != 0xCBD43194)
            at += BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(at));
        return at;
    }
}
