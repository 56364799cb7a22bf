namespace ProtoBridgeMQ.Store.Retention;

/// <summary>The guards of a store. Thread-safe.</summary>
internal sealed class GuardSet
{
    private readonly Lock _lock = new();
    private IRetentionGuard[] _guards = [];
    private IRetentionGuardSource[] _sources = [];

    /// <summary>The guards as of now.</summary>
    public IEnumerable<IRetentionGuard> All =>
        Volatile.Read(ref _guards).Concat(Volatile.Read(ref _sources).SelectMany(static source => source.Guards));

    public void Add(IRetentionGuard guard)
    {
        lock (_lock)
            Volatile.Write(ref _guards, [.. _guards, guard]);
    }

    public void Remove(IRetentionGuard guard)
    {
        lock (_lock)
            Volatile.Write(ref _guards, [.. _guards.Where(other => other != guard)]);
    }

    public void Add(IRetentionGuardSource source)
    {
        lock (_lock)
            Volatile.Write(ref _sources, [.. _sources, source]);
    }

    public void Remove(IRetentionGuardSource source)
    {
        lock (_lock)
            Volatile.Write(ref _sources, [.. _sources.Where(other => other != source)]);
    }
}
