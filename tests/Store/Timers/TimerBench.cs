using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Timers;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>A timer index without a store around it: the test says what happens between what.</summary>
internal sealed class TimerBench : IAsyncDisposable
{
    private readonly MessageStore _records;
    private readonly List<RecordLease> _leases = [];

    private TimerBench(MessageStore records) => _records = records;

    public FaultyFileSystem Files { get; } = new(1);

    public SettableClock Clock { get; } = new(new ManualClock());

    public TimerIndex Index { get; private set; } = null!;

    public TimerState State => Index.State;

    /// <summary>An index, and records of timers for it that are due in so many seconds.</summary>
    public static async Task<TimerBench> OpenAsync(IReadOnlyList<int> seconds)
    {
        var clock = new ManualClock();
        var records = MessageStore.Open(TimerKit.Options("/records", options => options.SegmentSize = 1 << 20), new FaultyFileSystem(1), clock);
        var bench = new TimerBench(records);
        List<AppendResult> appended = [.. seconds.Select(second => records.AppendTimer(clock, "later", $"{second}", clock.Now() + (second * 1_000L)))];
        await records.WaitDispatchedAsync();
        bench._leases.AddRange(appended.Select(result => records.ReadRecord(result.PhysicalOffset)));
        bench.Index = new TimerIndex(TimerKit.Options("/store", options =>
        {
            options.TimerLogFileSize = 1 << 20;
            options.TimerRollWindow = TimeSpan.FromHours(1);
        }), bench.Files, bench.Clock);
        bench.Index.Load(new ProjectionStart(0, 0, IsClean: true, Rebuild: false, IndexTimestamp: 0));
        bench.Index.EndRecovery(long.MaxValue);
        return bench;
    }

    /// <summary>The dispatcher meets a timer.</summary>
    public void Dispatch(int timer)
    {
        Assert.True(_leases[timer].TryRead(out var record));
        Index.Stage(record);
        Index.Commit();
    }

    /// <summary>The slot of a timer is delivered.</summary>
    public void Finish(int timer)
    {
        lock (State.Gate)
        {
            Assert.True(State.Log.TryRead(PositionOf(timer), out var unit));
            State.Wheel.Remove(unit.SlotTime);
            State.Progress = State.Progress.After(unit.SlotTime, State.Placement.Precision);
            State.Changed = true;
        }
    }

    /// <summary>Whether a timer is delivered, as far as is known.</summary>
    public bool IsDone(int timer)
    {
        lock (State.Gate)
            return State.Log.TryRead(PositionOf(timer), out var unit) && State.IsDone(PositionOf(timer), unit);
    }

    /// <summary>The position of a timer that waits, by the checkpoint on the disk, and is before the first that it has a start look for.</summary>
    public long? FindPassedOver()
    {
        if (!Files.FileExists("/store/config/timercheck"))
            return null;
        var checkpoint = TimerCheckpoint.Read(Files.Content("/store/config/timercheck"));
        for (var position = checkpoint.FirstPending - TimerUnit.EncodedSize; position >= 0 && position > checkpoint.FirstPending - (8 * TimerUnit.EncodedSize); position -= TimerUnit.EncodedSize)
        {
            if (State.Log.TryRead(position, out var unit) && position > checkpoint.Progress.DoneUpTo(unit.SlotTime))
                return position;
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        Index.Dispose();
        foreach (var lease in _leases)
            lease.Dispose();
        await _records.DisposeAsync();
    }

    private static long PositionOf(int timer) => timer * TimerUnit.EncodedSize;
}
