namespace ProtoBridgeMQ.Store.Retention;

/// <summary>The guards of a store. Thread-safe.</summary>
internal sealed class GuardSet
{
    private readonly Lock _lock = new();
    private IRetentionGuard[] _guards = [];

    /// <summary>The guards as of now.</summary>
    public IReadOnlyList<IRetentionGuard> All => Volatile.Read(ref _guards);

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
}
