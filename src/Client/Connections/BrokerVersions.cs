using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>What brokers said of their version in their last answer to a heartbeat: RocketMQ's ordinal, which grows with every release.</summary>
/// <remarks>Thread safe. It has as many entries as heartbeats have addresses.</remarks>
internal sealed class BrokerVersions
{
    /// <summary>The ordinal of the first release that keeps messages until a time of their own (5.0.0).</summary>
    private const int FirstWithTimers = 413;

    private readonly ConcurrentDictionary<string, int> _ordinals = new(StringComparer.Ordinal);

    /// <summary>The broker answered.</summary>
    public void Learned(string address, int ordinal) => _ordinals[address] = ordinal;

    /// <summary>Whether a broker keeps messages until a time of their own; null while it has not answered. One that does not tell its version (0) is believed to.</summary>
    public bool? HasTimers(string address)
        => _ordinals.TryGetValue(address, out int ordinal) ? ordinal is 0 or >= FirstWithTimers : null;

    /// <summary>Forgets brokers that no route names any more.</summary>
    public void Keep(IReadOnlyCollection<string> addresses)
    {
        foreach (string address in _ordinals.Keys)
        {
            if (!addresses.Contains(address))
            {
                _ordinals.TryRemove(address, out _);
            }
        }
    }
}
