using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>
/// What the counters of all protocols were at the last looks, so that rates and quantiles of a time can be told. It
/// looks when it is asked, and keeps as many looks as the longest window needs.
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class TrafficWindow
{
    /// <summary>Rates are over so long.</summary>
    public static readonly TimeSpan RateTime = TimeSpan.FromSeconds(10);

    /// <summary>Latency is over so long.</summary>
    public static readonly TimeSpan LatencyTime = TimeSpan.FromSeconds(60);

    private const int MaxLooks = 256;

    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<IProtocolClients> _protocols;
    private readonly LinkedList<Look> _looks = new();

    public TrafficWindow(IReadOnlyList<IProtocolClients> protocols, TimeProvider clock)
    {
        _protocols = protocols;
        _clock = clock;
        _looks.AddLast(Take());
    }

    /// <summary>Looks now.</summary>
    public void Update()
    {
        Look now = Take();
        _looks.AddLast(now);
        // The second is old enough for the longest window: nobody needs the first.
        while (_looks.Count > MaxLooks || (_looks.First!.Next is { } second && _clock.GetElapsedTime(second.Value.At, now.At) >= LatencyTime))
            _looks.RemoveFirst();
    }

    /// <summary>Messages a second of a protocol, in and out, and since the start.</summary>
    public (double In, double Out, long MessagesIn, long MessagesOut) RatesOf(int protocol)
    {
        Look now = _looks.Last!.Value;
        Look before = Before(RateTime);
        double seconds = _clock.GetElapsedTime(before.At, now.At).TotalSeconds;
        (long countIn, long countOut) = now.Counts[protocol];
        return seconds <= 0
            ? (0, 0, countIn, countOut)
            : (Math.Max(0, countIn - before.Counts[protocol].In) / seconds, Math.Max(0, countOut - before.Counts[protocol].Out) / seconds, countIn, countOut);
    }

    /// <summary>Latency of publishes: counts of each step, and over how long a time.</summary>
    public (long[] Counts, TimeSpan Time) Latency()
    {
        Look now = _looks.Last!.Value;
        Look before = Before(LatencyTime);
        long[] counts = new long[LatencyCounts.Steps];
        for (int step = 0; step < counts.Length; step++)
            counts[step] = now.Latency[step] - before.Latency[step];

        return (counts, _clock.GetElapsedTime(before.At, now.At));
    }

    /// <summary>The youngest look that is at least so old, or the oldest there is.</summary>
    private Look Before(TimeSpan time)
    {
        Look now = _looks.Last!.Value;
        LinkedListNode<Look> node = _looks.Last;
        while (node.Previous is not null && _clock.GetElapsedTime(node.Value.At, now.At) < time)
            node = node.Previous;

        return node.Value;
    }

    private Look Take()
    {
        long[] latency = new long[LatencyCounts.Steps];
        foreach (IProtocolClients protocol in _protocols)
            protocol.PublishLatency?.AddTo(latency);

        return new Look(_clock.GetTimestamp(), [.. _protocols.Select(protocol => (protocol.MessagesIn, protocol.MessagesOut))], latency);
    }

    private sealed record Look(long At, (long In, long Out)[] Counts, long[] Latency);
}
