namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>One counter with its last minute, hour and day, in RocketMQ's steps: 10 seconds, 10 minutes, an hour.</summary>
/// <remarks>Thread safe. Adding takes no lock.</remarks>
public sealed class Statistic
{
    private const long Second = 1000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    private readonly Lock _lock = new();
    private readonly SampleRing _minute = new(7, 10 * Second);
    private readonly SampleRing _hour = new(7, 10 * Minute);
    private readonly SampleRing _day = new(25, Hour);
    private long _messages;
    private long _bytes;
    private long _times;

    /// <summary>A counter that has counted nothing.</summary>
    public Statistic(long now) => Take(now);

    /// <summary>Messages since it is kept.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>Bytes since it is kept.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Adds messages that came together.</summary>
    public void Add(int messages, long bytes)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _times);
    }

    /// <summary>The last minute.</summary>
    public StatisticWindow OfMinute(long now, bool isSize) => Since(_minute, now, isSize);

    /// <summary>The last hour.</summary>
    public StatisticWindow OfHour(long now, bool isSize) => Since(_hour, now, isSize);

    /// <summary>The last day.</summary>
    public StatisticWindow OfDay(long now, bool isSize) => Since(_day, now, isSize);

    /// <summary>Messages a second over the last so many seconds, up to an hour.</summary>
    public double Rate(long now, int seconds)
    {
        lock (_lock)
        {
            return Window(seconds > 60 ? _hour.Before(now - (seconds * Second)) : _minute.Before(now - (seconds * Second)), now, isSize: false).Tps;
        }
    }

    /// <summary>Takes the samples that are due; whether anything was counted in the last day.</summary>
    internal bool Take(long now)
    {
        var sample = new Sample(now, Messages, Bytes, Interlocked.Read(ref _times));
        lock (_lock)
        {
            _minute.Offer(sample);
            _hour.Offer(sample);
            _day.Offer(sample);
            return now - _day.Oldest.Time < 23 * Hour || _day.Oldest.Times != sample.Times;
        }
    }

    private StatisticWindow Since(SampleRing ring, long now, bool isSize)
    {
        lock (_lock)
        {
            return Window(ring.Oldest, now, isSize);
        }
    }

    private StatisticWindow Window(in Sample from, long now, bool isSize)
    {
        long sum = isSize ? Bytes - from.Bytes : Messages - from.Messages;
        long times = Interlocked.Read(ref _times) - from.Times;

        // A counter of a moment ago would have counted at a rate that nobody saw.
        double seconds = Math.Max(1.0, (now - from.Time) / 1000.0);
        return new StatisticWindow(sum, sum / seconds, times > 0 ? (double)sum / times : 0);
    }
}

/// <summary>What a counter counted over a time.</summary>
/// <param name="Sum">In all.</param>
/// <param name="Tps">A second.</param>
/// <param name="Average">Of one adding.</param>
public readonly record struct StatisticWindow(long Sum, double Tps, double Average);
