using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>What the dispatcher, the delivery and the checkpoint do to the timers between each other's steps.</summary>
public sealed class TimerIndexTests
{
    [Fact]
    public async Task A_checkpoint_passes_over_no_timer_that_comes_while_it_is_written()
    {
        const int Timers = 1_000;
        await using var bench = await TimerBench.OpenAsync([.. Enumerable.Range(1, Timers)]);
        var done = false;
        var flushes = 0;
        var flushing = Task.Run(() =>
        {
            for (var last = false; ; last = Volatile.Read(ref done))
            {
                bench.Index.Flush();
                Volatile.Write(ref flushes, flushes + 1);
                if (bench.FindPassedOver() is { } lost)
                    return $"the timer at {lost} waits, and the next start would not look for it";
                if (last)
                    return null;
            }
        });
        try
        {
            for (var i = 0; i < Timers && !flushing.IsCompleted; i++)
            {
                // It comes at any step of a checkpoint, and waits for the whole of the next one.
                bench.Dispatch(i);
                var next = Volatile.Read(ref flushes) + 2;
                while (Volatile.Read(ref flushes) < next && !flushing.IsCompleted)
                    Thread.Yield();
                bench.Finish(i);
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            await flushing;
        }

        Assert.Null(await flushing);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_while_a_batch_is_delivered_brings_none_of_it_twice()
    {
        await using var bench = await TimerBench.OpenAsync([10, 5]);
        bench.Dispatch(0);
        var reader = new TimerReader(bench.State, bench.Index.Counts);
        bench.Clock.Offset = TimeSpan.FromSeconds(60);
        Assert.True(reader.TryBegin(bench.Clock.Now(), out _));
        var taken = reader.Take(_ => UInt128.Zero);
        Assert.Equal(1, taken.Length);
        reader.BeginBatch(0);

        bench.Clock.Offset = TimeSpan.Zero;
        bench.Dispatch(1);
        reader.EndBatch(taken.Span, 0);
        Assert.True(bench.IsDone(0));
        Assert.False(bench.IsDone(1));
    }
}
