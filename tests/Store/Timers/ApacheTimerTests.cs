using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>Timer files that Apache RocketMQ's classes wrote, and ours by the same layout; see tests/Golden/store/README.md.</summary>
public sealed class ApacheTimerTests : IDisposable
{
    private const int RingSlots = 2 * 7 * 24 * 3600;

    private readonly TempDirectory _directory = new();
    private readonly JsonDocument _expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(StoreKit.Golden, "533-timers.expected.json")));
    private readonly ManualClock _clock;

    public ApacheTimerTests()
    {
        StoreKit.CopyDirectory(Path.Combine(StoreKit.Golden, "533-timers"), _directory["store"]);
        File.WriteAllBytes(_directory["store/timerwheel"], Wheel("533-timers"));
        File.Delete(_directory["store/timerwheel.gz"]);
        _clock = new ManualClock(DateTimeOffset.FromUnixTimeMilliseconds(Number(_expected.RootElement, "now")));
    }

    public void Dispose()
    {
        _expected.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Every_slot_of_the_wheel_is_read_and_written_field_by_field()
    {
        var wheel = File.ReadAllBytes(_directory["store/timerwheel"]);
        Assert.Equal(RingSlots * TimerSlot.EncodedSize, wheel.Length);
        Assert.Equal(RingSlots, Number(_expected.RootElement, "slotsTotal"));
        var expected = _expected.RootElement.GetProperty("slots").EnumerateArray().ToDictionary(slot => Number(slot, "index"));
        var bytes = new byte[TimerSlot.EncodedSize];
        for (var i = 0; i < RingSlots; i++)
        {
            var source = wheel.AsSpan(i * TimerSlot.EncodedSize, TimerSlot.EncodedSize);
            var slot = TimerSlot.Read(source);
            if (!expected.Remove(i, out var value))
            {
                Assert.Equal(default, slot);
                continue;
            }

            Assert.Equal(
                new TimerSlot(Number(value, "time"), Number(value, "first"), Number(value, "last"), (int)Number(value, "num"), (int)Number(value, "magic")),
                slot);
            Assert.Equal(i, slot.Time % RingSlots);
            slot.Write(bytes);
            Assert.True(source.SequenceEqual(bytes));
        }

        Assert.Empty(expected);
    }

    [Theory]
    [InlineData("533")]
    [InlineData("533-running")]
    public void The_wheel_of_a_broker_without_timers_is_empty(string sample)
    {
        var wheel = Wheel(sample);
        Assert.Equal(RingSlots * TimerSlot.EncodedSize, wheel.Length);
        Assert.False(wheel.AsSpan().ContainsAnyExcept((byte)0));
        var page = File.ReadAllBytes(Path.Combine(StoreKit.Golden, sample, "config", "timercheck"));
        var check = TimerCheckpoint.Read(page);
        Assert.Equal(TimerCheckpointOrigin.Apache, check.Origin);
        Assert.Equal(sample == "533" ? 1795221127000 : 1795221117000, check.Progress.Slot);
        Assert.Equal((0, 0), (check.LogFlushed, check.QueueOffset));
        Assert.Equal(sample == "533" ? (1795221127396, 114) : (1795221117115, 104), (check.Timestamp, check.Counter));
    }

    [Fact]
    public void Every_unit_of_the_timer_log_is_read_and_written_field_by_field()
    {
        using var log = new TimerLog(PhysicalFileSystem.Instance, _directory["store"], 1 << 20);
        Assert.True(log.Load(0));
        Assert.True(log.TrySetEnd(log.FindEnd()));
        Assert.Equal(600, log.FileSize);
        var position = log.Start;
        var bytes = new byte[TimerUnit.EncodedSize];
        foreach (var expected in _expected.RootElement.GetProperty("units").EnumerateArray())
        {
            Assert.Equal(Number(expected, "position"), position);
            Assert.True(log.TryRead(position, out var unit));
            Assert.Equal(
                new TimerUnit(Number(expected, "previous"), (TimerMagic)Number(expected, "magic"), Number(expected, "writeTime"), (int)Number(expected, "delay"), Number(expected, "offset"), (int)Number(expected, "size"), (int)Number(expected, "hash"), Number(expected, "reserved")),
                unit);
            unit.Write(bytes);
            Assert.Equal(File.ReadAllBytes(_directory[$"store/timerlog/{position / 600 * 600:D20}"])[(int)(position % 600)..][..52], bytes);
            Assert.Equal(position, log.FindByPhysicalOffset(unit.PhysicalOffset));
            position = log.After(position);
        }

        Assert.Equal(log.End, position);
        Assert.Equal(Number(_expected.RootElement.GetProperty("timercheck"), "flushPos"), log.End);
    }

    [Fact]
    public void Our_timer_log_has_the_bytes_of_Apaches()
    {
        using var theirs = new TimerLog(PhysicalFileSystem.Instance, _directory["store"], 600);
        Assert.True(theirs.Load(0) && theirs.TrySetEnd(theirs.FindEnd()));
        using var ours = new TimerLog(PhysicalFileSystem.Instance, _directory["ours"], 600);
        for (var position = theirs.Start; position < theirs.End; position = theirs.After(position))
        {
            Assert.True(theirs.TryRead(position, out var unit));
            Assert.Equal(position, ours.Append(unit));
        }

        ours.Flush(ours.End);
        foreach (var file in Directory.GetFiles(_directory["store/timerlog"]))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_directory["ours/timerlog/" + Path.GetFileName(file)]));
    }

    [Fact]
    public async Task Pending_timers_of_Apache_come_at_their_time_and_those_that_it_delivered_do_not()
    {
        await using var store = Open();
        Assert.Equal(3, store.Bodies("T_timer", 0).Count);
        Assert.Equal(17, store.Timers.PendingOf("T_timer"));
        await Compare(store);
    }

    [Fact]
    public async Task Apache_timers_are_rebuilt_from_the_log_when_wheel_and_timer_log_are_gone()
    {
        File.Delete(_directory["store/timerwheel"]);
        Directory.Delete(_directory["store/timerlog"], true);
        await using var store = Open();
        Assert.Equal("LostTimers", Assert.Single(store.Repairs, repair => repair.Name == "LostTimers").Name);
        await Compare(store);
    }

    [Fact]
    public async Task A_rebuild_after_our_own_run_in_Apaches_directory_repeats_nothing()
    {
        await using (var store = Open())
            await store.Pass(_clock, TimeSpan.FromSeconds(5));
        File.Delete(_directory["store/timerwheel"]);
        Directory.Delete(_directory["store/timerlog"], true);
        await using (var store = Open(options => options.Rebuild = true))
            await Compare(store);
    }

    [Fact]
    public async Task Our_wheel_and_checkpoint_of_the_same_messages_are_Apaches()
    {
        var theirs = await File.ReadAllBytesAsync(_directory["store/timerwheel"]);
        var theirLog = Directory.GetFiles(_directory["store/timerlog"]).ToDictionary(path => Path.GetFileName(path)!, File.ReadAllBytes);
        File.Delete(_directory["store/timerwheel"]);
        Directory.Delete(_directory["store/timerlog"], true);
        File.Delete(_directory["store/config/timercheck"]);
        await using (var store = MessageStore.Open(Options(null), time: _clock))
            Assert.True(store.WriteCheckpoint());

        // Ours knows from the log alone that nothing tells of the three that Apache delivered: they are there again.
        foreach (var (name, bytes) in theirLog)
            Assert.Equal(bytes, await File.ReadAllBytesAsync(_directory["store/timerlog/" + name]));
        Assert.Equal(theirs, await File.ReadAllBytesAsync(_directory["store/timerwheel"]));
        var check = TimerCheckpoint.Read(await File.ReadAllBytesAsync(_directory["store/config/timercheck"]));
        Assert.Equal(TimerCheckpointOrigin.Own, check.Origin);
        Assert.Equal(Number(_expected.RootElement.GetProperty("timercheck"), "flushPos"), check.LogFlushed);
        Assert.Equal(Number(_expected.RootElement.GetProperty("timercheck"), "queueOffset"), check.QueueOffset);
    }

    [Fact]
    public void A_checkpoint_counts_as_ours_until_Apache_writes_it_or_it_is_damaged()
    {
        var own = new TimerCheckpoint
        {
            Origin = TimerCheckpointOrigin.Own,
            Progress = new TimerProgress(1_795_221_127_000, 52, 1_795_221_128_000, 104),
            LogFlushed = 208,
            QueueOffset = 4,
            Timestamp = 5,
            Counter = 6,
            TellFrom = 7,
            FirstPending = 8,
            Precision = 1000,
            LastPhysical = 9,
            ApacheQueueOffset = 10,
            ApacheReadTime = 11,
            FileSize = 600,
            EarlierPrecision = 12,
            EarlierBefore = 13,
        };
        var page = new byte[TimerCheckpoint.Size];
        own.Write(page);
        Assert.Equal(own, TimerCheckpoint.Read(page));
        for (var i = 64; i < 204; i++)
        {
            page[i] ^= 1;
            Assert.NotEqual(TimerCheckpointOrigin.Own, TimerCheckpoint.Read(page).Origin);
            page[i] ^= 1;
        }

        for (var i = 0; i < 32; i++)
        {
            page[i] ^= 1;
            page[31 - i] ^= 2;
            Assert.Equal(own, TimerCheckpoint.Read(page));
            page[i] ^= 1;
            page[31 - i] ^= 2;
        }

        for (var seconds = 1; seconds < 100_000; seconds++)
        {
            BinaryPrimitives.WriteInt64BigEndian(page, own.Progress.Slot + (seconds * 1000L));
            Assert.Equal(TimerCheckpointOrigin.Apache, TimerCheckpoint.Read(page).Origin);
        }

        Assert.Equal(TimerCheckpointOrigin.None, TimerCheckpoint.Read(new byte[4096]).Origin);
    }

    private async Task Compare(MessageStore store)
    {
        // 17 of T_timer within nine seconds, then those of T_other: at 12 s, after two days, after ten.
        await store.Pass(_clock, TimeSpan.FromSeconds(20));
        var timers = _expected.RootElement.GetProperty("timers").EnumerateArray().ToList();
        for (var queue = 0; queue < 2; queue++)
        {
            var bodies = timers
                .Where(timer => timer.GetProperty("topic").GetString() == "T_timer" && Number(timer, "queue") == queue
                    && timer.GetProperty("uniq").GetString() != "S5")
                .Select(timer => timer.GetProperty("body").GetString()!);
            Assert.Equal(queue == 0 ? bodies.Prepend("before") : bodies, store.Bodies("T_timer", queue));
        }

        Assert.Equal(["after", "edge"], store.Bodies("T_other", 0));
        await store.Pass(_clock, TimeSpan.FromHours(49));
        Assert.Equal(["after", "edge", "twodays"], store.Bodies("T_other", 0));
        for (var day = 0; day < 9; day++)
            await store.Pass(_clock, TimeSpan.FromDays(1));
        Assert.Equal(["after", "edge", "twodays", "far"], store.Bodies("T_other", 0));
        Assert.Equal(0, store.Timers.Pending);
    }

    private MessageStore Open(Action<StoreOptions>? change = null)
    {
        var store = MessageStore.Open(Options(change), time: _clock);
        store.Timers.Start();
        return store;
    }

    private StoreOptions Options(Action<StoreOptions>? change)
    {
        var options = new StoreOptions { Directory = _directory["store"], SegmentSize = 64 << 10, QueueFileEntries = 300, IndexEnabled = false, TimerLogFileSize = 600 };
        change?.Invoke(options);
        return options;
    }

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static byte[] Wheel(string sample)
    {
        using var packed = new GZipStream(File.OpenRead(Path.Combine(StoreKit.Golden, sample, "timerwheel.gz")), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }
}
