using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Retention;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Retention;

/// <summary>What goes, what stays, and who is told.</summary>
public sealed class RetentionTests
{
    private readonly ManualClock _clock = new();
    private readonly FaultyFileSystem _files = new(1);

    [Fact]
    public async Task Segments_whose_messages_are_all_older_than_the_retention_time_go()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100, _clock);
        store.RetainAll();
        var numbers = store.Numbers();
        // 100 hours passed, 72 are kept: message 28 is the first that must be there, 14 more may be in its segment.
        Assert.InRange(numbers[0], 28 - 15, 28);
        Assert.Equal(Enumerable.Range(numbers[0], 100 - numbers[0]), numbers);
        Assert.Equal(RetentionKit.NameOf(store.MinPhysicalOffset), _files.Segments()[0]);
        Assert.Equal(numbers[0], store.Queue().MinOffset);
    }

    [Fact]
    public async Task The_segment_that_is_written_to_stays_however_old_it_is()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(40);
        _clock.Advance(TimeSpan.FromDays(400));
        store.RetainAll();
        Assert.Equal(store.Written.Value / RetentionKit.Segment * RetentionKit.Segment, store.MinPhysicalOffset);
        Assert.Equal(39, store.Numbers()[^1]);
    }

    [Fact]
    public async Task The_log_stays_below_its_size()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.RetentionBytes = 4 * RetentionKit.Segment);
        await store.FillAsync(200);
        store.RetainAll();
        Assert.Equal(4, _files.Segments().Count(name => long.Parse(name, CultureInfo.InvariantCulture) < store.Written.Value));
        Assert.Equal(199, store.Numbers()[^1]);
    }

    [Fact]
    public async Task Above_the_watermark_the_oldest_segments_go_before_their_time_until_the_disk_is_below()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.RefuseWatermark = 0.95);
        await store.FillAsync(200);
        _files.FillTo(90);
        store.RetainAll();
        Assert.InRange(_files.Room("/store").UsedShare, 0.70, 0.85);
        Assert.Equal(StoreState.Running, store.State);
        Assert.Equal(199, store.Numbers()[^1]);
    }

    [Fact]
    public async Task A_watermark_of_1_deletes_nothing_before_its_time()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.CleanWatermark = options.RefuseWatermark = 1);
        await store.FillAsync(100);
        _files.Capacity = _files.Used;
        while (store.Append("topic", 0, new string('x', 1000)).Status == AppendStatus.Appended)
        {
        }

        Assert.Equal(StoreCondition.DiskFull, store.State.Condition);
        store.RetainAll();
        Assert.Equal(0, store.MinPhysicalOffset);
        _files.Capacity = long.MaxValue;
        _clock.Advance(store.Options.DiskFullRetryInterval);
        store.RetainAll();
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "taken").Status);
    }

    [Fact]
    public async Task A_disk_without_room_for_a_segment_has_the_oldest_go_whatever_its_share_is()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.CleanWatermark = 0.999);
        await store.FillAsync(100);
        _files.Add(new Fault(FileCall.Reserve, "/commitlog/", effect: FaultEffect.DiskFull));
        while (store.Append("topic", 0, new string('x', 1000)).Status == AppendStatus.Appended)
        {
        }

        store.Retain();
        Assert.Equal(RetentionKit.Segment, store.MinPhysicalOffset);
        _files.ClearFaults();
        _clock.Advance(store.Options.DiskFullRetryInterval);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "taken").Status);
        Assert.False(store.Retain());
        Assert.Equal(RetentionKit.Segment, store.MinPhysicalOffset);
    }

    [Fact]
    public async Task A_pass_deletes_a_batch_and_the_next_one_follows_after_the_pause()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.RetentionBatchSegments = 2);
        await store.FillAsync(100);
        _clock.Advance(TimeSpan.FromDays(4));
        store.StartRetention();
        Assert.Equal(2 * RetentionKit.Segment, store.MinPhysicalOffset);
        _clock.Advance(store.Options.RetentionBatchPause);
        Assert.Equal(4 * RetentionKit.Segment, store.MinPhysicalOffset);
        _clock.Advance(store.Options.RetentionBatchPause);
        Assert.Equal(6 * RetentionKit.Segment, store.MinPhysicalOffset);
    }

    [Fact]
    public async Task Nothing_is_deleted_before_retention_is_started()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        _clock.Advance(TimeSpan.FromDays(4));
        Assert.Equal(0, store.MinPhysicalOffset);
        store.StartRetention();
        Assert.NotEqual(0, store.MinPhysicalOffset);
    }

    [Fact]
    public async Task A_guard_keeps_the_segment_of_the_first_record_it_needs_and_all_behind()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        Assert.True(store.Queue().TryReadEntry(50, out var needed));
        var guard = new TestGuard("group orders", needed.PhysicalOffset);
        store.AddGuard(guard);
        _clock.Advance(TimeSpan.FromDays(4));
        store.RetainAll();
        Assert.Equal(needed.PhysicalOffset / RetentionKit.Segment * RetentionKit.Segment, store.MinPhysicalOffset);
        Assert.Contains(50, store.Numbers());
        // The disk is not full: it is no alarm.
        Assert.Null(store.State.Reason);

        guard.LowestNeeded = long.MaxValue;
        store.RetainAll();
        Assert.DoesNotContain(50, store.Numbers());
    }

    [Fact]
    public async Task A_guard_that_throws_keeps_everything()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        store.AddGuards(new ThrowingGuards());
        _clock.Advance(TimeSpan.FromDays(4));
        store.RetainAll();
        Assert.Equal(0, store.MinPhysicalOffset);
    }

    [Fact]
    public async Task A_full_disk_that_guards_hold_refuses_appends_names_the_guard_and_goes_on_when_it_lets_go()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        var guard = new TestGuard("group orders of topic topic", 0);
        store.AddGuard(guard);
        _files.FillTo(92);
        store.StartRetention();
        Assert.Equal(0, store.MinPhysicalOffset);
        Assert.Equal(StoreCondition.DiskFull, store.State.Condition);
        Assert.Contains("group orders of topic topic", store.State.Reason, StringComparison.Ordinal);
        Assert.Equal(AppendStatus.DiskFull, store.Append("topic", 0, "refused").Status);
        Assert.Equal(100, store.Numbers().Count);

        guard.LowestNeeded = long.MaxValue;
        _clock.Advance(store.Options.RetentionInterval);
        Assert.True(store.MinPhysicalOffset > 0);
        Assert.Equal(StoreState.Running, store.State);
        Assert.Equal(100, store.Append("topic", 0, "taken").QueueOffset);
    }

    [Fact]
    public async Task Between_the_watermarks_a_guard_is_an_alarm_and_appends_go_on()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        store.AddGuard(new TestGuard("group orders", 0));
        _files.FillTo(87);
        store.RetainAll();
        Assert.Equal(StoreCondition.Running, store.State.Condition);
        Assert.Contains("group orders", store.State.Reason, StringComparison.Ordinal);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "100:").Status);
    }

    [Fact]
    public async Task ForceDeleteAtWatermark_deletes_what_guards_need_when_the_disk_is_full_and_only_then()
    {
        await using var store = RetentionKit.Open(_files, _clock, options => options.ForceDeleteAtWatermark = true);
        await store.FillAsync(100);
        store.AddGuard(new TestGuard("group orders", 0));
        _clock.Advance(TimeSpan.FromDays(4));
        store.RetainAll();
        Assert.Equal(0, store.MinPhysicalOffset);
        _files.FillTo(92);
        store.RetainAll();
        Assert.True(store.MinPhysicalOffset > 0);
        Assert.Equal(StoreCondition.Running, store.State.Condition);
    }

    [Fact]
    public async Task DeleteBefore_asks_the_guards_unless_it_is_forced()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        store.AddGuard(new TestGuard("group orders", RetentionKit.Segment + 5));
        var asked = store.DeleteBefore(3 * RetentionKit.Segment);
        Assert.Equal(RetentionKit.Segment, asked.MinPhysicalOffset);
        Assert.Equal("group orders", asked.HeldBy);
        var forced = store.DeleteBefore((3 * RetentionKit.Segment) + 77, force: true);
        Assert.Equal(new DeleteOutcome(3 * RetentionKit.Segment, null, true), forced);
        Assert.Equal(99, store.Numbers()[^1]);
        Assert.True(store.DeleteBefore(long.MaxValue, force: true).MinPhysicalOffset < store.Written.Value);
        Assert.Equal(99, store.Numbers()[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delete_that_fails_is_tried_again_and_the_store_goes_on(bool denied)
    {
        var stepped = new SteppedFileSystem(_files);
        await using var store = RetentionKit.Open(stepped, _clock);
        await store.FillAsync(100);
        var failing = RetentionKit.NameOf(RetentionKit.Segment);
        stepped.BeforeStep = path =>
        {
            if (path.EndsWith(failing, StringComparison.Ordinal))
                throw denied ? new UnauthorizedAccessException("Permission denied (injected).") : new IOException("Input/output error (injected).");
        };
        Assert.False(store.DeleteBefore(4 * RetentionKit.Segment).IsDone);
        Assert.Equal(4 * RetentionKit.Segment, store.MinPhysicalOffset);
        Assert.Equal(failing, _files.Segments()[0]);
        Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "100:").Status);
        Assert.Equal(StoreCondition.Running, store.State.Condition);

        stepped.BeforeStep = null;
        store.RetainAll();
        Assert.Equal(RetentionKit.NameOf(4 * RetentionKit.Segment), _files.Segments()[0]);
    }

    [Fact]
    public async Task A_lease_keeps_its_bytes_and_a_reader_goes_on_at_the_new_beginning()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        Assert.True(store.Queue().TryReadEntry(0, out var entry));
        using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
        using var reader = store.OpenReader(0);
        Assert.True(reader.TryReadNext(out _));
        store.DeleteBefore(3 * RetentionKit.Segment);
        Assert.True(lease.TryRead(out var kept));
        Assert.True(kept.CrcMatches);
        Assert.True(store.ReadRecord(entry.PhysicalOffset, entry.Size).IsEmpty);
        Assert.False(store.Queue().TryReadEntry(0, out _));
        Assert.True(reader.TryReadNext(out var next));
        Assert.Equal(3 * RetentionKit.Segment, next.PhysicalOffset);
    }

    [Fact]
    public async Task Queue_files_with_nothing_left_go_but_the_last_one()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(64, topic: "old");
        await store.FillAsync(100);
        store.DeleteBefore(7 * RetentionKit.Segment);
        Assert.Equal(["00000000000000000960"], QueueFiles("old"));
        Assert.Equal(64, store.Queue("old").MinOffset);
        Assert.Equal(64, store.Queue("old").MaxOffset);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_queue_without_a_message_keeps_its_next_offset_over_a_restart(bool clean)
    {
        var store = RetentionKit.Open(new FaultyProcess(_files), _clock);
        await store.FillAsync(37, topic: "old");
        await store.FillAsync(100);
        store.DeleteBefore(5 * RetentionKit.Segment);
        if (!clean)
            _files.Crash(powerLoss: true);
        await store.DisposeAsync();
        await using var again = RetentionKit.Open(new FaultyProcess(_files), _clock);
        Assert.Equal(37, again.Queue("old").MinOffset);
        Assert.Equal(37, again.Queue("old").MaxOffset);
        Assert.Equal(37, again.Append("old", 0, "37:").QueueOffset);
        await again.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal([37], again.Numbers("old"));
    }

    [Fact]
    public async Task A_topic_with_a_shorter_time_begins_later_and_others_do_not()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        for (var i = 0; i < 40; i++)
        {
            await store.FillAsync(1, topic: "short", from: i);
            await store.FillAsync(1, _clock, from: i);
        }

        store.StartRetention(new TestTopics { ["short"] = TimeSpan.FromHours(10) });
        Assert.Equal(Enumerable.Range(30, 10), store.Numbers("short"));
        Assert.Equal(Enumerable.Range(0, 40), store.Numbers());
        Assert.Equal(0, store.MinPhysicalOffset);
        // Entry 30 is in the second file.
        Assert.Equal("00000000000000000320", QueueFiles("short")[0]);
    }

    [Fact]
    public async Task A_damaged_record_has_no_topic_begin_later_than_its_time()
    {
        var start = _clock.GetUtcNow();
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(9, _clock);
        Assert.True(store.Queue().TryReadEntry(4, out var middle));
        _files.FlipBit("/store/commitlog/" + RetentionKit.NameOf(0), middle.PhysicalOffset + 4, 1);
        Assert.Equal(2, store.Queue().OffsetByTime((start + TimeSpan.FromHours(2)).ToUnixTimeMilliseconds()));
        Assert.Equal(7, store.Queue().OffsetByTime((start + TimeSpan.FromHours(7)).ToUnixTimeMilliseconds()));

        store.StartRetention(new TestTopics { ["topic"] = TimeSpan.FromHours(7) });
        Assert.Equal(2, store.Queue().MinOffset);
    }

    [Fact]
    public async Task A_topic_with_a_shorter_time_keeps_what_a_guard_reads_there()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(40, _clock);
        Assert.True(store.Queue().TryReadEntry(12, out var needed));
        store.AddGuard(new TestGuard("group orders", needed.PhysicalOffset));
        store.StartRetention(new TestTopics { ["topic"] = TimeSpan.FromHours(10) });
        Assert.Equal(12, store.Numbers()[0]);
    }

    [Fact]
    public async Task A_topic_with_a_longer_time_keeps_its_segments()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(20, topic: "long");
        await store.FillAsync(100);
        _clock.Advance(TimeSpan.FromHours(73));
        store.StartRetention(new TestTopics { ["long"] = TimeSpan.FromHours(100) });
        store.RetainAll();
        Assert.Equal(Enumerable.Range(0, 20), store.Numbers("long"));
        _clock.Advance(TimeSpan.FromHours(30));
        store.RetainAll();
        Assert.Empty(store.Numbers("long"));
        Assert.Equal(20, store.Append("long", 0, "20:").QueueOffset);
    }

    [Fact]
    public async Task A_topic_with_a_size_begins_where_its_queues_together_have_no_more_and_others_do_not()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        for (var i = 0; i < 30; i++)
        {
            await store.FillAsync(1, topic: "small", from: i);
            await store.FillAsync(1, from: i);
            Assert.Equal(AppendStatus.Appended, store.Append("small", 1, $"{i}:{new string('y', 1000)}").Status);
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        Assert.True(store.Queue("small").TryReadEntry(20, out var entry));
        var topics = new TestTopics { Bytes = { ["small"] = 20L * entry.Size } };
        store.StartRetention(topics);
        Assert.Equal(Enumerable.Range(20, 10), store.Numbers("small"));
        Assert.Equal(20, store.Queue("small", 1).MinOffset);
        Assert.Equal(Enumerable.Range(0, 30), store.Numbers());
        Assert.Equal("00000000000000000320", QueueFiles("small")[0]);
        Assert.Equal(0, store.MinPhysicalOffset);

        // What comes goes on being counted, also after the head of the log went, and a limit that is gone is none.
        await store.FillAsync(5, topic: "small", from: 30);
        store.Retain();
        Assert.Equal((23, 22), (store.Queue("small").MinOffset, store.Queue("small", 1).MinOffset));
        store.DeleteBefore(4 * RetentionKit.Segment);
        store.Retain();
        Assert.Equal((23, 22), (store.Queue("small").MinOffset, store.Queue("small", 1).MinOffset));
        topics.Bytes.Clear();
        await store.FillAsync(10, topic: "small", from: 35);
        store.Retain();
        Assert.Equal(23, store.Queue("small").MinOffset);
    }

    [Fact]
    public async Task A_topic_with_a_size_and_a_shorter_time_keeps_what_both_allow_and_what_a_guard_reads()
    {
        await using var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(40, _clock);
        Assert.True(store.Queue().TryReadEntry(20, out var entry));
        var topics = new TestTopics { ["topic"] = TimeSpan.FromHours(20) };
        topics.Bytes["topic"] = 30L * entry.Size;
        store.StartRetention(topics);
        Assert.Equal(20, store.Numbers()[0]);
        topics.Bytes["topic"] = 15L * entry.Size;
        store.Retain();
        Assert.Equal(25, store.Numbers()[0]);
        _clock.Advance(TimeSpan.FromHours(10));
        store.Retain();
        Assert.Equal(30, store.Numbers()[0]);
        Assert.True(store.Queue().TryReadEntry(33, out var needed));
        store.AddGuard(new TestGuard("group orders", needed.PhysicalOffset));
        topics.Bytes["topic"] = 1;
        store.Retain();
        Assert.Equal(33, store.Numbers()[0]);
    }

    [Fact]
    public async Task A_log_that_does_not_begin_at_0_opens_and_its_queues_begin_where_it_does()
    {
        var store = RetentionKit.Open(_files, _clock);
        await store.FillAsync(100);
        store.DeleteBefore(3 * RetentionKit.Segment);
        var numbers = store.Numbers();
        await store.DisposeAsync();
        await using var again = RetentionKit.Open(_files, _clock);
        Assert.Empty(again.Repairs);
        Assert.Equal(3 * RetentionKit.Segment, again.MinPhysicalOffset);
        Assert.Equal(numbers, again.Numbers());
        await again.DisposeAsync();
        await using var rebuilt = RetentionKit.Open(_files, _clock, options => options.Rebuild = true);
        Assert.Equal(numbers, rebuilt.Numbers());
    }

    private List<string> QueueFiles(string topic) =>
        [.. _files.Paths.Where(path => path.StartsWith($"/store/consumequeue/{topic}/0/", StringComparison.Ordinal)).Select(path => Path.GetFileName(path)).Order()];

    private sealed class ThrowingGuards : IRetentionGuardSource
    {
        public IEnumerable<IRetentionGuard> Guards => throw new InvalidOperationException("on purpose");
    }
}
