using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>Which topics changed last, so that name servers are told these and not all. Guarded by the lock of the table.</summary>
internal sealed class TopicHistory
{
    private const int MaxChanges = 16 * 1024;

    private readonly Queue<(long Counter, string Name)> _changes = new();
    private long _before;

    /// <summary>Starts over: what was before a state of the table is not known.</summary>
    public void Begin(DataVersion version)
    {
        _changes.Clear();
        _before = version.Counter;
    }

    public void Add(DataVersion version, string name)
    {
        _changes.Enqueue((version.Counter, name));
        if (_changes.Count > MaxChanges)
        {
            _before = _changes.Dequeue().Counter;
        }
    }

    /// <summary>The names that changed after a state of the table, or null when that is too long ago.</summary>
    public HashSet<string>? Since(DataVersion version) => version.Counter < _before
        ? null
        : [.. _changes.Where(change => change.Counter > version.Counter).Select(static change => change.Name)];
}

/// <summary>What changed in the table of topics.</summary>
/// <param name="Version">The state of the table now.</param>
/// <param name="Topics">Topics that came or changed; all of them when <paramref name="IsWhole"/>.</param>
/// <param name="HasRemovals">Whether topics went, too.</param>
/// <param name="IsWhole">Whether these are all topics, because the asked state is too long ago.</param>
public sealed record TopicChanges(DataVersion Version, IReadOnlyList<BrokerTopic> Topics, bool HasRemovals, bool IsWhole);
