using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Filters;

namespace ProtoBridgeMQ.Gateway.Cluster.Filters;

/// <summary>The masters of the cluster by name, as the name servers have them now or had them a moment ago.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ClusterMasters(FilterQueueCalls calls, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private IReadOnlyDictionary<string, string> _known = new Dictionary<string, string>(StringComparer.Ordinal);
    private long _askedAt = long.MinValue;

    /// <summary>As they were last known, without asking.</summary>
    public IReadOnlyDictionary<string, string> Known => Volatile.Read(ref _known);

    /// <summary>Asks the name servers.</summary>
    /// <exception cref="ProtoBridgeMqException">None answers, or there is no master.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> AskAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> masters = await calls.MastersAsync(cancellationToken).ConfigureAwait(false);
        if (masters.Count == 0)
        {
            throw new ClusterUnreachableException("The name servers know no broker with a master.", false, null);
        }

        Volatile.Write(ref _known, masters);
        Volatile.Write(ref _askedAt, clock.GetTimestamp());
        return masters;
    }

    /// <summary>As they were within the last second.</summary>
    public ValueTask<IReadOnlyDictionary<string, string>> GetAsync(CancellationToken cancellationToken)
    {
        long askedAt = Volatile.Read(ref _askedAt);
        return askedAt != long.MinValue && clock.GetElapsedTime(askedAt) < Fresh ? ValueTask.FromResult(Known) : AskAsync(cancellationToken);
    }

    /// <summary>The address of a master; null when the name servers do not know it.</summary>
    public async ValueTask<string?> FindAsync(string broker, CancellationToken cancellationToken)
        => Known.TryGetValue(broker, out string? address)
            ? address
            : (await GetAsync(cancellationToken).ConfigureAwait(false)).GetValueOrDefault(broker);
}
