using System.Collections.Concurrent;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>
/// What brokers said of themselves in their last answer to a heartbeat: what they are written in, and their version, RocketMQ's ordinal, which grows
/// with every release. Apache's are written in Java.
/// </summary>
/// <remarks>Thread safe. It has as many entries as heartbeats have addresses.</remarks>
internal sealed class BrokerVersions
{
    /// <summary>The ordinal of the first release that keeps messages until a time of their own (5.0.0).</summary>
    private const int FirstWithTimers = 413;

    private readonly ConcurrentDictionary<string, BrokerTraits> _traits = new(StringComparer.Ordinal);

    /// <summary>The broker answered.</summary>
    public void Learned(string address, LanguageCode language, int ordinal) => _traits[address] = new BrokerTraits(
        HasTimers: ordinal is 0 or >= FirstWithTimers,
        NeedsBody: language == LanguageCode.Java && ordinal >= FirstWithTimers);

    /// <summary>What a broker can do; null while it has not answered.</summary>
    public BrokerTraits? Find(string address) => _traits.TryGetValue(address, out BrokerTraits traits) ? traits : null;

    /// <summary>Forgets brokers that no route names any more.</summary>
    public void Keep(IReadOnlyCollection<string> addresses)
    {
        foreach (string address in _traits.Keys)
        {
            if (!addresses.Contains(address))
            {
                _traits.TryRemove(address, out _);
            }
        }
    }
}

/// <summary>What sends must know of a broker.</summary>
/// <param name="HasTimers">It keeps messages until a time of their own. One that does not tell its version is believed to.</param>
/// <param name="NeedsBody">It fails at a request without a body, as Apache's do from 5.0 on: an empty one must be sent as something.</param>
internal readonly record struct BrokerTraits(bool HasTimers, bool NeedsBody);
