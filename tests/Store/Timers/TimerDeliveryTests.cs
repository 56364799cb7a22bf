using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Retention;
using ProtoBridgeMQ.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>Timers of a store that runs.</summary>
public sealed class TimerDeliveryTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_timer_comes_when_its_second_is_over_and_not_before()
    {
        await using var store = Open();
        var at = _clock.Now() + 2500;
        store.AppendTimer(_clock, "later", "one", at);
        await store.Pass(_clock, TimeSpan.FromMilliseconds(2499));
        Assert.Empty(store.Bodies("later", 1));
        await store.Pass(_clock, TimeSpan.FromMilliseconds(501));

        Assert.Equal(["one"], store.Bodies("later", 1));
        Assert.Null(store.Property("later", 1, 0, "REAL_TOPIC"));
        Assert.Null(store.Property("later", 1, 0, "REAL_QID"));
        Assert.Equal("tag", store.Property("later", 1, 0, "TAGS"));
        Assert.Equal((at - 500).ToString(CultureInfo.InvariantCulture), store.Property("later", 1, 0, "TIMER_OUT_MS"));
        Assert.Equal((at - 2500).ToString(CultureInfo.InvariantCulture), store.Property("later", 1, 0, "TIMER_ENQUEUE_MS"));
        Assert.Equal(_clock.Now().ToString(CultureInfo.InvariantCulture), store.Property("later", 1, 0, "TIMER_DEQUEUE_MS"));
        Assert.Equal(0, store.Timers.Pending);
    }

    [Fact]
    public async Task A_time_at_the_start_of_a_second_is_kept_to_the_millisecond()
    {
        await using var store = Open();
        store.AppendTimer(_clock, "later", "one", _clock.Now() + 3000);
        await store.Pass(_clock, TimeSpan.FromMilliseconds(2999));
        Assert.Empty(store.Bodies("later", 1));
        await store.Pass(_clock, TimeSpan.FromMilliseconds(1));
        Assert.Equal(["one"], store.Bodies("later", 1));
    }

    [Fact]
    public async Task Timers_of_many_slots_and_files_of_the_timer_log_come_in_order_of_their_times()
    {
        await using var store = Open();
        var start = _clock.Now();
        for (var i = 0; i < 100; i++)
            store.AppendTimer(_clock, "later", $"{(i * 37) % 100:00}", start + 1000 + (((i * 37) % 100) * 1000));
        await store.WaitDispatchedAsync();
        Assert.Equal(100, store.Timers.Pending);
        Assert.Equal(100, store.Timers.PendingOf("later"));
        for (var i = 0; i < 100; i++)
        {
            await store.Pass(_clock, TimeSpan.FromSeconds(1));
            Assert.Equal(i + 1, store.Bodies("later", 1).Count);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i:00}"), store.Bodies("later", 1));
        Assert.Equal(0, store.Timers.Pending);
        Assert.Equal(0, store.Timers.PendingOf("later"));
    }

    [Fact]
    public async Task A_slot_of_more_timers_than_are_read_at_a_time_comes_whole_and_in_order()
    {
        await using var store = Open(options =>
        {
            options.TimerLogFileSize = 1 << 20;
            options.SegmentSize = 1 << 20;
            options.FlushMode = ProtoBridgeMQ.Store.Durability.FlushMode.Async;
        });
        var at = _clock.Now() + 2000;
        var count = (TimerReader.Chunk * 2) + 100;
        for (var i = 0; i < count; i++)
            Assert.Equal(AppendStatus.Appended, store.AppendTimer(_clock, "later", i.ToString(CultureInfo.InvariantCulture), at).Status);
        await store.Pass(_clock, TimeSpan.FromSeconds(2));
        Assert.Equal(Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture)), store.Bodies("later", 1));
    }

    [Fact]
    public async Task A_timer_beyond_the_window_is_rolled_and_comes_at_its_time_once()
    {
        await using var store = Open();
        store.AppendTimer(_clock, "later", "far", _clock.Now() + 3_600_000);
        store.AppendTimer(_clock, "later", "near", _clock.Now() + 700_000);
        for (var i = 0; i < 60; i++)
        {
            await store.Pass(_clock, TimeSpan.FromSeconds(59));
            Assert.Equal(i < 11 ? 0 : 1, store.Bodies("later", 1).Count);
        }

        await store.Pass(_clock, TimeSpan.FromSeconds(59));
        Assert.Equal(["near"], store.Bodies("later", 1));
        await store.Pass(_clock, TimeSpan.FromSeconds(1));
        Assert.Equal(["near", "far"], store.Bodies("later", 1));
        Assert.True(int.Parse(store.Property("later", 1, 1, "TIMER_ROLL_TIMES")!, CultureInfo.InvariantCulture) >= 5);
    }

    [Fact]
    public async Task The_log_is_held_back_by_timers_for_no_longer_than_the_window()
    {
        await using var store = Open();
        IRetentionGuard guard = store.Timers;
        Assert.Equal(long.MaxValue, guard.LowestNeeded);
        store.Append("other", 0, "first");
        var first = store.AppendTimer(_clock, "later", "far", _clock.Now() + 10_000_000).PhysicalOffset;
        store.AppendTimer(_clock, "later", "near", _clock.Now() + 5_000);
        await store.Pass(_clock, TimeSpan.FromSeconds(599));
        Assert.Equal(first, guard.LowestNeeded);
        await store.Pass(_clock, TimeSpan.FromSeconds(2));
        Assert.True(guard.LowestNeeded > first);
        Assert.NotEqual(long.MaxValue, guard.LowestNeeded);
    }

    [Fact]
    public async Task A_recalled_timer_does_not_come_whether_it_was_rolled_or_not()
    {
        await using var store = Open();
        var near = _clock.Now() + 5_500;
        var far = _clock.Now() + 2_000_500;
        foreach (var at in new[] { near, far })
        {
            store.AppendTimer(_clock, "later", $"kept{at}", at);
            store.AppendTimer(_clock, "later", $"gone{at}", at);
            store.Recall(_clock, "later", $"gone{at}", at);
            store.Recall(_clock, "other", $"kept{at}", at);
        }

        for (var i = 0; i < 210; i++)
            await store.Pass(_clock, TimeSpan.FromSeconds(10));
        Assert.Equal([$"kept{near}", $"kept{far}"], store.Bodies("later", 1));
        Assert.Equal(0, store.Timers.Pending);
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_brings_what_is_due_at_once_and_one_that_is_set_back_brings_nothing_twice()
    {
        var clock = new SettableClock(_clock);
        await using var store = MessageStore.Open(TimerKit.Options(_directory.Path), time: clock);
        store.Timers.Start();
        store.AppendTimer(clock, "later", "one", clock.Now() + 5_000);
        store.AppendTimer(clock, "later", "two", clock.Now() + 300_000);
        await store.WaitDispatchedAsync();
        clock.Offset = TimeSpan.FromDays(3650);
        await store.Settle();
        Assert.Equal(["one", "two"], store.Bodies("later", 1));

        clock.Offset = TimeSpan.FromSeconds(1);
        store.AppendTimer(clock, "later", "three", clock.Now() + 2_000);
        await store.Settle();
        Assert.Equal(["one", "two"], store.Bodies("later", 1));
        clock.Offset = TimeSpan.FromSeconds(4);
        await store.Settle();
        Assert.Equal(["one", "two", "three"], store.Bodies("later", 1));
        clock.Offset = TimeSpan.FromSeconds(400);
        await store.Settle();
        Assert.Equal(["one", "two", "three"], store.Bodies("later", 1));
    }

    [Fact]
    public async Task A_timer_after_the_clock_was_set_back_does_not_wait_for_one_that_came_before_it()
    {
        var clock = new SettableClock(_clock);
        await using var store = MessageStore.Open(TimerKit.Options(_directory.Path), time: clock);
        store.Timers.Start();
        clock.Offset = TimeSpan.FromDays(1);
        store.AppendTimer(clock, "later", "one", clock.Now() + 1_000);
        await store.WaitDispatchedAsync();
        clock.Offset += TimeSpan.FromSeconds(1);
        await store.Settle();
        Assert.Equal(["one"], store.Bodies("later", 1));

        clock.Offset = TimeSpan.Zero;
        store.AppendTimer(clock, "later", "three", clock.Now() + 300_000);
        store.AppendTimer(clock, "later", "two", clock.Now() + 2_000);
        await store.WaitDispatchedAsync();
        clock.Offset = TimeSpan.FromSeconds(2);
        await store.Settle();
        Assert.Equal(["one", "two"], store.Bodies("later", 1));
        clock.Offset = TimeSpan.FromSeconds(300);
        await store.Settle();
        Assert.Equal(["one", "two", "three"], store.Bodies("later", 1));
    }

    [Fact]
    public async Task A_timer_that_is_dispatched_after_its_time_comes_at_once()
    {
        await using var store = Open();
        store.AppendTimer(_clock, "later", "one", _clock.Now() + 1_000);
        await store.Pass(_clock, TimeSpan.FromSeconds(1));
        for (var i = 0; i < 5; i++)
        {
            // Its slot was read before: as of a message that waited for the disk.
            AppendLate(store, $"late{i}", _clock.Now() - 5_000);
            await store.Settle();
        }

        Assert.Equal(["one", "late0", "late1", "late2", "late3", "late4"], store.Bodies("later", 1));
    }

    [Theory]
    [InlineData(0, TimerAdmission.Due)]
    [InlineData(-1, TimerAdmission.Due)]
    [InlineData(1, TimerAdmission.Taken)]
    [InlineData(60L * 24 * 3600 * 1000, TimerAdmission.Taken)]
    [InlineData((60L * 24 * 3600 * 1000) + 1, TimerAdmission.TooFar)]
    [InlineData(long.MaxValue - 4_000_000_000_000, TimerAdmission.TooFar)]
    public async Task Times_are_admitted_up_to_the_longest_delay(long delay, TimerAdmission expected)
    {
        await using var store = Open();
        Assert.Equal(expected, store.Timers.Admit(_clock.Now() + delay, out _));
    }

    [Fact]
    public async Task A_full_slot_and_a_full_store_take_no_more()
    {
        await using var store = Open(options =>
        {
            options.MaxTimersPerSlot = 2;
            options.MaxTimers = 10;
        });
        var at = _clock.Now() + 5_000;
        for (var i = 0; i < 4; i++)
        {
            store.AppendTimer(_clock, "later", $"{i}", at);
            await store.WaitDispatchedAsync();
        }

        for (var i = 0; i < 100; i++)
            Assert.Equal(TimerAdmission.SlotFull, store.Timers.Admit(at, out _));
        for (var i = 0; i < 6; i++)
            store.AppendTimer(_clock, "later", $"{i}", at + 1000 + (i * 1000));
        await store.WaitDispatchedAsync();
        Assert.Equal(TimerAdmission.StoreFull, store.Timers.Admit(at + 60_000, out _));
    }

    private static void AppendLate(MessageStore store, string body, long outMs)
    {
        var properties = new byte[256];
        var writer = new ProtoBridgeMQ.Remoting.Messages.PropertyTextWriter(properties);
        writer.TryAdd("TIMER_OUT_MS", outMs.ToString(CultureInfo.InvariantCulture));
        writer.TryAdd("REAL_TOPIC", "later");
        writer.TryAdd("REAL_QID", "1");
        store.Append(new MessageToStore { Topic = TimerTopic.Name, QueueId = 0, Body = System.Text.Encoding.UTF8.GetBytes(body), Properties = writer.Written });
    }

    private MessageStore Open(Action<StoreOptions>? change = null)
    {
        var store = MessageStore.Open(TimerKit.Options(_directory.Path, change), time: _clock);
        store.Timers.Start();
        return store;
    }
}
