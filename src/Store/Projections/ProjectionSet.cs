using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Projections;

/// <summary>The projections of a store, as one.</summary>
internal sealed class ProjectionSet : IDisposable
{
    private readonly ILogProjection[] _all;

    public ProjectionSet(params ReadOnlySpan<ILogProjection> all) => _all = all.ToArray();

    /// <summary>What they repaired when the store was opened.</summary>
    public IEnumerable<Repair> Repairs => _all.SelectMany(projection => projection.Repairs);

    /// <summary>Loads all; the earliest offset that one of them must be told of.</summary>
    public long Load(in ProjectionStart start)
    {
        var offset = start.Offset;
        foreach (var projection in _all)
            offset = Math.Min(offset, Math.Max(start.LogStart, projection.Load(start)));
        return offset;
    }

    public void Stage(in MessageRecord record)
    {
        foreach (var projection in _all)
            projection.Stage(record);
    }

    /// <summary>One of them wants a commit before the next record.</summary>
    public bool WantsCommit
    {
        get
        {
            foreach (var projection in _all)
            {
                if (projection.WantsCommit)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Commits all; after a failure it may be called again.</summary>
    public void Commit()
    {
        foreach (var projection in _all)
            projection.Commit();
    }

    public void EndRecovery(long end)
    {
        foreach (var projection in _all)
            projection.EndRecovery(end);
    }

    public void Flush()
    {
        foreach (var projection in _all)
            projection.Flush();
    }

    public void Trim(long minOffset)
    {
        foreach (var projection in _all)
            projection.Trim(minOffset);
    }

    public void Dispose()
    {
        foreach (var projection in _all)
            projection.Dispose();
    }
}
