using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.Recovery;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Integrity;

/// <summary>The scrub: it finds what nobody reads, mends what can be, keeps to its pace and goes on where it was.</summary>
public sealed class ScrubTests
{
    private const string First = "/store/commitlog/00000000000000000000";
    private const string Queue = "/store/consumequeue/topic/0/00000000000000000000";

    [Fact]
    public async Task A_sound_store_has_no_damage()
    {
        var files = await Closed(100);
        await using var store = Open(files, new ManualClock());
        store.Integrity.ScrubNow();
        Assert.Equal(0, store.Integrity.DamageCount);
        Assert.Equal(store.Durable.Value, store.Integrity.Scrub.Position);
        Assert.False(store.Integrity.Scrub.IsRunning);
    }

    [Fact]
    public async Task A_flipped_bit_of_a_record_is_found_and_told_once()
    {
        var files = await Closed(100);
        files.FlipBit(First, 10_000, 3);
        await using var store = Open(files, new ManualClock());
        store.Integrity.ScrubNow();
        store.Integrity.ScrubNow();
        var damage = Assert.Single(store.Integrity.Damages);
        Assert.Equal((DamageKind.Record, DamageFinder.Scrub), (damage.Kind, damage.FoundBy));
        Assert.InRange(damage.PhysicalOffset, 8000, 10_000);
        Assert.Equal(("topic", 0), (damage.Topic, damage.QueueId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(19)]
    public async Task A_damaged_queue_entry_is_written_again(int at)
    {
        var files = await Closed(30);
        var sound = files.Content(Queue);
        files.FlipBit(Queue, (7 * QueueEntry.EncodedSize) + at, 4);
        await using (var store = Open(files, new ManualClock()))
        {
            store.Integrity.ScrubNow();
            var damage = Assert.Single(store.Integrity.Damages);
            Assert.Equal((DamageKind.QueueEntry, 7L), (damage.Kind, damage.QueueOffset));
        }

        Assert.Equal(sound, files.Content(Queue));
    }

    [Fact]
    public async Task A_record_larger_than_a_block_is_checked_as_a_whole()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        options.SegmentSize = 8 << 20;
        options.MaxBodySize = 4 << 20;
        await using var store = MessageStore.Open(options, files, new ManualClock());
        store.Append("topic", 0, "before");
        store.Append("topic", 0, new string('x', 3 << 20));
        store.Append("topic", 0, "after");
        await store.WaitDispatchedAsync().Within("dispatched");
        store.Integrity.ScrubNow();
        Assert.Equal(0, store.Integrity.DamageCount);
    }

    [Fact]
    public async Task A_size_that_a_flipped_bit_made_large_costs_no_memory()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        options.SegmentSize = 32 << 20;
        await using var store = MessageStore.Open(options, files, new ManualClock());
        store.Append("topic", 0, "before");
        var damaged = store.Append("topic", 0, "damaged").PhysicalOffset;
        for (var i = 0; i < 1000; i++)
            store.Append("topic", 0, new string('x', 30_000));
        await store.WaitDispatchedAsync().Within("dispatched");
        files.FlipBit(First, damaged, 0);
        store.Integrity.ScrubNow();
        Assert.Equal(1, store.Integrity.DamageCount);
        Assert.InRange(files.LargestRead, 1, 8 << 20);
    }

    [Fact]
    public async Task It_reads_so_many_bytes_a_second_stops_with_the_store_and_goes_on_where_it_was()
    {
        var files = await Closed(100);
        var clock = new ManualClock();
        long stopped;
        await using (var store = Open(files, clock))
        {
            clock.Advance(TimeSpan.FromMinutes(9));
            Assert.False(store.Integrity.Scrub.IsRunning);
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.True(store.Integrity.Scrub.IsRunning);
            clock.Advance(TimeSpan.FromSeconds(5));
            stopped = store.Integrity.Scrub.Position;
            Assert.InRange(stopped, 4 * 8192, 7 * 8192);
        }

        await using (var again = Open(files, clock))
        {
            Assert.Equal(stopped, again.Integrity.Scrub.Position);
            clock.Advance(TimeSpan.FromMinutes(10));
            Assert.InRange(again.Integrity.Scrub.Position, stopped + 1, stopped + 8192);
            clock.Advance(TimeSpan.FromMinutes(5));
            Assert.False(again.Integrity.Scrub.IsRunning);
            Assert.Equal(again.Durable.Value, again.Integrity.Scrub.Position);
            files.FlipBit(First, 10_000, 3);
            clock.Advance(TimeSpan.FromHours(12));
            Assert.Equal(0, again.Integrity.DamageCount);
            clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(1, again.Integrity.DamageCount);
        }
    }

    [Fact]
    public async Task A_rate_of_zero_switches_it_off()
    {
        var files = await Closed(10);
        var clock = new ManualClock();
        var options = Options();
        options.ScrubBytesPerSecond = 0;
        await using var store = MessageStore.Open(options, new FaultyProcess(files), clock);
        clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(0, store.Integrity.Scrub.Position);
    }

    private static Task<FaultyFileSystem> Closed(int count) => LostFileTests.Closed(count);

    private static MessageStore Open(FaultyFileSystem files, ManualClock clock) => MessageStore.Open(Options(), new FaultyProcess(files), clock);

    private static StoreOptions Options()
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(10);
        options.ScrubBytesPerSecond = 8192;
        options.ScrubInterval = TimeSpan.FromDays(1);
        return options;
    }
}
