using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>The second step of a filter, over a record that was read.</summary>
internal static class PropertyMatch
{
    /// <summary>Steps of an expression that one read takes before it tells the consumer to go on: some milliseconds.</summary>
    private const int MostSteps = 512 * 1024;

    /// <summary>Whether a record passes.</summary>
    public static bool Passes(IMessageFilter? filter, ReadOnlySpan<byte> bytes) =>
        filter is not { NeedsProperties: true }
        || (MessageRecord.TryRead(bytes, out MessageRecord record) == RecordError.None && filter.MatchesProperties(record.Properties));

    /// <summary>Whether a record passes; one that does not is let go.</summary>
    public static bool Passes(IMessageFilter? filter, in RecordLease lease)
    {
        if (Passes(filter, lease.Span))
        {
            return true;
        }

        lease.Dispose();
        return false;
    }

    /// <summary>Entries that one read may look at without a match.</summary>
    public static int MostLookedAt(IMessageFilter? filter, int most) =>
        filter is { Cost: > 0 } ? Math.Clamp(MostSteps / filter.Cost, 1, most) : most;
}
