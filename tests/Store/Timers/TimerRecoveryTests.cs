using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>What a stop, a crash and lost files leave of timers.</summary>
public sealed class TimerRecoveryTests
{
    private readonly FaultyFileSystem _files = new(1);
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task What_fell_due_while_the_store_was_closed_comes_at_once_on_start()
    {
        await using (var store = Open())
        {
            store.AppendTimer(_clock, "later", "one", _clock.Now() + 5_000);
            store.AppendTimer(_clock, "later", "two", _clock.Now() + 86_400_000);
        }

        _clock.Advance(TimeSpan.FromHours(1));
        await using (var store = Open())
        {
            await store.Settle();
            Assert.Equal(["one"], store.Bodies("later", 1));
        }

        _clock.Advance(TimeSpan.FromDays(50));
        await using (var store = Open())
        {
            await store.Settle();
            Assert.Equal(["one", "two"], store.Bodies("later", 1));
        }

        await using (var store = Open())
        {
            await store.Settle();
            Assert.Empty(store.Repairs);
            Assert.Equal(["one", "two"], store.Bodies("later", 1));
            Assert.Equal(0, store.Timers.Pending);
        }
    }

    [Fact]
    public async Task A_kill_after_deliveries_that_no_checkpoint_knows_repeats_none_of_them()
    {
        var store = Open();
        for (var i = 0; i < 30; i++)
            store.AppendTimer(_clock, "later", $"{i}", _clock.Now() + 1_000 + (i / 5 * 1_000));
        store.AppendTimer(_clock, "later", "far", _clock.Now() + 5_000_000);
        await store.WaitDispatchedAsync();
        Assert.True(store.WriteCheckpoint());
        await store.Pass(_clock, TimeSpan.FromSeconds(3));
        await store.Pass(_clock, TimeSpan.FromSeconds(600));
        Assert.Equal(30, store.Bodies("later", 1).Count);
        store = await Crash(store, powerLoss: false);
        await store.Settle();
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"{i}"), store.Bodies("later", 1));
        Assert.Equal(1, store.Timers.Pending);
        for (var i = 0; i < 10; i++)
            await store.Pass(_clock, TimeSpan.FromSeconds(500));
        Assert.Equal(31, store.Bodies("later", 1).Count);
        await store.DisposeAsync();
    }

    [Theory]
    [InlineData("timerwheel")]
    [InlineData("timerlog")]
    [InlineData("timercheck")]
    [InlineData("")]
    public async Task Lost_files_and_a_rebuild_bring_every_pending_timer_back_and_no_other(string lost)
    {
        var store = Open();
        for (var i = 0; i < 25; i++)
            store.AppendTimer(_clock, "later", $"{i}", _clock.Now() + 1_000 + (i * 1_000));
        store.AppendTimer(_clock, "later", "far", _clock.Now() + 2_000_000);
        store.AppendTimer(_clock, "later", "gone", _clock.Now() + 20_500);
        store.Recall(_clock, "later", "gone", _clock.Now() + 20_500);
        await store.Pass(_clock, TimeSpan.FromSeconds(10));
        await store.Pass(_clock, TimeSpan.FromSeconds(1));
        Assert.Equal(11, store.Bodies("later", 1).Count);
        await store.DisposeAsync();
        foreach (var path in _files.Paths.Where(path => lost.Length > 0 && path.Contains(lost, StringComparison.Ordinal)))
            _files.DeleteFile(path);

        await using var again = Open(options => options.Rebuild = lost.Length == 0);
        await again.Settle();
        Assert.Equal(lost is "timerlog" or "timercheck", again.Repairs.Any(repair => repair.Name == "LostTimers"));
        Assert.Equal(15, again.Timers.Pending);
        await again.Pass(_clock, TimeSpan.FromSeconds(20));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), again.Bodies("later", 1));
        for (var i = 0; i < 8; i++)
            await again.Pass(_clock, TimeSpan.FromSeconds(300));
        Assert.Equal("far", again.Bodies("later", 1)[^1]);
        Assert.Equal(26, again.Bodies("later", 1).Count);
    }

    [Fact]
    public async Task A_disk_without_room_delays_timers_and_loses_none()
    {
        var store = Open();
        store.AppendTimer(_clock, "later", "one", _clock.Now() + 1_000);
        await store.WaitDispatchedAsync();
        while (store.Append("other", 0, new string('x', 20_000)).Status == AppendStatus.Appended)
            _files.Capacity = 1;
        await store.Pass(_clock, TimeSpan.FromSeconds(2));
        Assert.Empty(store.Bodies("later", 1));
        _files.Capacity = long.MaxValue;
        for (var i = 0; i < 5 && store.Bodies("later", 1).Count == 0; i++)
            await store.Pass(_clock, TimeSpan.FromSeconds(2));
        Assert.Equal(["one"], store.Bodies("later", 1));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_segment_that_cannot_be_read_for_a_moment_delays_timers_and_ends_no_delivery()
    {
        await using (var store = Open())
        {
            store.AppendTimer(_clock, "later", "one", _clock.Now() + 5_000);
            for (var i = 0; i < 10; i++)
                store.Append("other", 0, new string('x', 20_000));
        }

        await using var again = Open();
        var fault = _files.Add(new Fault(FileCall.Map, "/commitlog/00000000000000000000", times: 1));
        await again.Pass(_clock, TimeSpan.FromSeconds(5));
        await again.Pass(_clock, TimeSpan.FromSeconds(1));
        Assert.Equal(1, fault.Hits);
        Assert.Equal(["one"], again.Bodies("later", 1));
    }

    [Fact]
    public async Task Files_of_the_timer_log_go_once_their_timers_are_done()
    {
        await using var store = Open();
        for (var i = 0; i < 50; i++)
            store.AppendTimer(_clock, "later", $"{i}", _clock.Now() + 1_000 + (i * 1_000));
        await store.WaitDispatchedAsync();
        Assert.Equal(5, TimerLogFiles());
        await store.Pass(_clock, TimeSpan.FromSeconds(25));
        Assert.True(store.WriteCheckpoint());
        Assert.Equal(3, TimerLogFiles());
        await store.Pass(_clock, TimeSpan.FromSeconds(30));
        Assert.True(store.WriteCheckpoint());
        Assert.Equal(1, TimerLogFiles());
    }

    [Fact]
    public async Task Timers_behind_a_file_that_was_full_when_all_were_done_are_there_after_a_crash()
    {
        var store = Open();
        for (var i = 0; i < 10; i++)
            store.AppendTimer(_clock, "later", $"{i}", _clock.Now() + 1_000);
        await store.Pass(_clock, TimeSpan.FromSeconds(2));
        Assert.True(store.WriteCheckpoint());
        for (var i = 10; i < 13; i++)
            store.AppendTimer(_clock, "later", $"{i}", _clock.Now() + 5_000);
        await store.WaitDispatchedAsync();
        Assert.True(store.WriteCheckpoint());
        store = await Crash(store, powerLoss: true);
        Assert.Equal(3, store.Timers.Pending);
        await store.Pass(_clock, TimeSpan.FromSeconds(6));
        Assert.Equal(Enumerable.Range(0, 13).Select(i => $"{i}"), store.Bodies("later", 1));
        await store.DisposeAsync();
    }

    [Theory]
    [InlineData(1000, 100)]
    [InlineData(100, 250)]
    [InlineData(1000, 7000)]
    public async Task Another_precision_brings_nothing_early_and_everything_once(int before, int after)
    {
        var start = _clock.Now();
        await using (var store = Open(options => options.TimerPrecision = TimeSpan.FromMilliseconds(before)))
        {
            for (var i = 0; i < 40; i++)
                store.AppendTimer(_clock, "later", $"{i:00}", start + 1 + (i * 333));
            store.AppendTimer(_clock, "later", "gone", start + 7_123);
            store.Recall(_clock, "later", "gone", ((start + 7_123) / before * before) + 1);
            await store.Pass(_clock, TimeSpan.FromMilliseconds(3_000));
        }

        foreach (var rebuild in new[] { false, true })
        {
            await using var store = Open(options =>
            {
                options.TimerPrecision = TimeSpan.FromMilliseconds(after);
                options.Rebuild = rebuild;
            });
            for (var i = 0; i < 60; i++)
            {
                await store.Pass(_clock, TimeSpan.FromMilliseconds(50));
                var last = store.Bodies("later", 1).Select(body => int.Parse(body, CultureInfo.InvariantCulture)).Max();
                Assert.True(start + 1 + (last * 333) <= _clock.Now(), $"{last} came early");
            }
        }

        await using var end = Open(options => options.TimerPrecision = TimeSpan.FromMilliseconds(after));
        await end.Pass(_clock, TimeSpan.FromSeconds(30));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i:00}"), end.Bodies("later", 1).Order());
    }

    [Fact]
    public async Task Damaged_timer_files_do_not_stop_the_store_and_a_rebuild_brings_what_they_lost()
    {
        for (var i = 0; i < 100; i++)
            await Seeded.RunAsync(Damage);
    }

    /// <summary>A bit of what Apache RocketMQ also writes must not look as if it had: of what it delivered the log has no sign.</summary>
    [Fact]
    public async Task A_flipped_bit_of_timercheck_costs_no_timer()
    {
        const string path = "/store/config/timercheck";
        var start = _clock.Now();
        await using (var store = Open())
        {
            for (var i = 0; i < 12; i++)
                store.AppendTimer(_clock, "later", $"{i}", start + 1_000 + (i * 1_000));
            await store.Pass(_clock, TimeSpan.FromSeconds(5));
        }

        var content = _files.Paths.ToDictionary(file => file, _files.Content);
        var expected = Enumerable.Range(0, 12).Select(i => $"{i}").ToList();
        for (var bit = 0; bit < 204 * 8; bit++)
        {
            foreach (var rebuild in new[] { false, true })
            {
                var files = new FaultyFileSystem(1);
                foreach (var (name, bytes) in content)
                    files.Put(name, bytes);
                files.FlipBit(path, bit / 8, bit % 8);
                var clock = new ManualClock();
                clock.Advance(TimeSpan.FromSeconds(5));
                await using (var store = MessageStore.Open(TimerKit.Options("/store", options => options.Rebuild = rebuild), new FaultyProcess(files), clock))
                {
                    store.Timers.Start();
                    await store.Pass(clock, TimeSpan.FromSeconds(60));
                    var found = store.Bodies("later", 1);
                    Assert.True(expected.SequenceEqual(found), $"bit {bit % 8} of byte {bit / 8}, rebuild {rebuild}: {string.Join(" ", found)}");
                }
            }
        }
    }

    [Fact]
    public async Task Counts_of_topics_are_kept_in_timermetrics()
    {
        await using (var store = Open())
        {
            store.AppendTimer(_clock, "later", "1", _clock.Now() + 5_000);
            store.AppendTimer(_clock, "later", "2", _clock.Now() + 6_000);
            store.AppendTimer(_clock, "other", "3", _clock.Now() + 6_000);
        }

        var text = System.Text.Encoding.UTF8.GetString(_files.Content("/store/config/timermetrics"));
        var time = _clock.Now().ToString(CultureInfo.InvariantCulture);
        Assert.Contains($"\"timingCount\":{{\"later\":{{\"count\":2,\"timeStamp\":{time}}},\"other\":{{\"count\":1,\"timeStamp\":{time}}}}}", text, StringComparison.Ordinal);
        await using var again = Open();
        Assert.Equal((2, 1), (again.Timers.PendingOf("later"), again.Timers.PendingOf("other")));
    }

    private static async Task Damage(Random random)
    {
        var files = new FaultyFileSystem(random.Next());
        var clock = new ManualClock();
        var start = clock.Now();
        var closed = MessageStore.Open(TimerKit.Options("/store"), new FaultyProcess(files), clock);
        closed.Timers.Start();
        for (var i = 0; i < 30; i++)
            closed.AppendTimer(clock, "later", $"{i}", start + 1_000 + (i * 500));
        await closed.Pass(clock, TimeSpan.FromSeconds(5));
        await closed.DisposeAsync();
        var paths = files.Paths.Where(path => path.Contains("timer", StringComparison.Ordinal) && !path.Contains("consumequeue", StringComparison.Ordinal)).ToList();
        for (var flips = random.Next(1, 4); flips > 0; flips--)
        {
            var path = paths[random.Next(paths.Count)];
            var length = Math.Min(files.Content(path).Length, 600);
            if (length > 0)
                files.FlipBit(path, random.Next(length), random.Next(8));
        }

        foreach (var rebuild in new[] { false, true })
        {
            await using var store = MessageStore.Open(TimerKit.Options("/store", options => options.Rebuild = rebuild), new FaultyProcess(files), clock);
            store.Timers.Start();
            await store.Pass(clock, TimeSpan.FromSeconds(30));
            Assert.True(store.State.CanAppend);
            if (rebuild)
                Assert.Equal(30, store.Bodies("later", 1).Distinct().Count());
        }
    }

    private int TimerLogFiles() => _files.Paths.Count(path => path.StartsWith("/store/timerlog/", StringComparison.Ordinal));

    private async Task<MessageStore> Crash(MessageStore store, bool powerLoss)
    {
        _files.Crash(powerLoss);
        await store.DisposeAsync();
        return Open();
    }

    private MessageStore Open(Action<StoreOptions>? change = null)
    {
        var store = MessageStore.Open(TimerKit.Options("/store", change), new FaultyProcess(_files), _clock);
        store.Timers.Start();
        return store;
    }
}
