using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>
/// The open loop: it says when each request is due, at a fixed rate and whatever the answers do. A request that waits
/// because an earlier one is late counts from its due time, so a stall of the server is seen by all that it delayed
/// (coordinated omission). It sleeps with nanosecond sleeps, because timers of the runtime are a millisecond coarse.
/// </summary>
internal sealed class Pacer
{
    private const int MaxNapNanoseconds = 1_000_000;

    private readonly Channel<long>[] _senders;
    private readonly double _ticksBetween;

    /// <summary>Makes the due times of so many senders at so many requests a second in total.</summary>
    public Pacer(int senders, double perSecond)
    {
        _senders = [.. Enumerable.Range(0, senders).Select(_ => Channel.CreateUnbounded<long>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }))];
        _ticksBetween = TimeProvider.System.TimestampFrequency / perSecond;
    }

    /// <summary>How late requests were released: the error of the instrument itself.</summary>
    public Histogram Lag { get; } = new();

    /// <summary>The due times of a sender.</summary>
    public ChannelReader<long> DueTimes(int sender) => _senders[sender].Reader;

    /// <summary>Runs on a thread of its own until the end.</summary>
    public Task RunAsync(long begin, long end)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            Release(begin, end);
            ended.SetResult();
        })
        { IsBackground = true, Name = "pacer", Priority = ThreadPriority.AboveNormal };
        thread.Start();
        return ended.Task;
    }

    private void Release(long begin, long end)
    {
        double due = begin;
        int next = 0;
        while (due < end)
        {
            long now = TimeProvider.System.GetTimestamp();
            while (due <= now && due < end)
            {
                long released = (long)due;
                Lag.Record(TimeProvider.System.GetElapsedTime(released, now));
                _senders[next].Writer.TryWrite(released);
                next = (next + 1) % _senders.Length;
                due += _ticksBetween;
            }

            Nap((long)(due - now));
        }

        foreach (Channel<long> sender in _senders)
        {
            sender.Writer.Complete();
        }
    }

    private static void Nap(long ticks)
    {
        double nanoseconds = ticks * (1e9 / TimeProvider.System.TimestampFrequency);
        if (nanoseconds > 0)
        {
            var time = new TimeSpec(0, (long)Math.Min(nanoseconds, MaxNapNanoseconds));
            _ = nanosleep(in time, nint.Zero);
        }

        [DllImport("libc")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        static extern int nanosleep(in TimeSpec time, nint remaining);
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
