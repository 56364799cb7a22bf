using System.Collections.Concurrent;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Which brokers are avoided for a while: RocketMQ's steps from how long a send took to how long its broker is left alone.</summary>
/// <remarks>Thread safe. It has as many entries as there are brokers.</remarks>
internal sealed class FaultTable(TimeProvider time, bool enabled)
{
    /// <summary>A failed send counts as one that took so long.</summary>
    private static readonly TimeSpan FailureCounts = TimeSpan.FromSeconds(10);

    private static readonly (TimeSpan Took, TimeSpan LeftAlone)[] Steps =
    [
        (TimeSpan.FromMilliseconds(15_000), TimeSpan.FromSeconds(30)),
        (TimeSpan.FromMilliseconds(5_000), TimeSpan.FromSeconds(10)),
        (TimeSpan.FromMilliseconds(3_000), TimeSpan.FromSeconds(6)),
        (TimeSpan.FromMilliseconds(1_800), TimeSpan.FromSeconds(5)),
        (TimeSpan.FromMilliseconds(550), TimeSpan.FromSeconds(2)),
    ];

    private readonly ConcurrentDictionary<string, Isolation> _isolated = new(StringComparer.Ordinal);

    /// <summary>Whether a broker may be chosen.</summary>
    public bool IsAvailable(string broker)
        => !enabled || !_isolated.TryGetValue(broker, out Isolation isolation) || time.GetElapsedTime(isolation.Since) >= isolation.Length;

    /// <summary>A send to the broker took so long.</summary>
    public void Took(string broker, TimeSpan duration)
    {
        if (duration >= Steps[^1].Took)
        {
            Isolate(broker, duration);
        }
        else if (enabled && _isolated.ContainsKey(broker))
        {
            // Looked for first: that takes no lock, and nearly never is there anything to take out.
            _isolated.TryRemove(broker, out _);
        }
    }

    /// <summary>A send to the broker failed.</summary>
    public void Failed(string broker) => Isolate(broker, FailureCounts);

    private void Isolate(string broker, TimeSpan duration)
    {
        if (!enabled)
        {
            return;
        }

        foreach ((TimeSpan took, TimeSpan leftAlone) in Steps)
        {
            if (duration >= took)
            {
                _isolated[broker] = new Isolation(time.GetTimestamp(), leftAlone);
                ClientMetrics.IsolatedBrokers.Add(1);
                return;
            }
        }
    }

    private readonly record struct Isolation(long Since, TimeSpan Length);
}
