namespace ProtoBridgeMQ.Store;

/// <summary>What the store can do now.</summary>
public enum StoreCondition
{
    /// <summary>Takes and gives messages.</summary>
    Running,

    /// <summary>Gives messages; takes them again once there is room on the disk. Retention may make it.</summary>
    DiskFull,

    /// <summary>A write or fsync failed. Gives messages; takes none until it is restarted.</summary>
    ReadOnly,

    /// <summary>Closing or closed.</summary>
    Stopped,
}

/// <summary>The store's condition and, for people, why and what to do.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="Reason">Why; while running, what needs to be looked after, or null.</param>
public sealed record StoreState(StoreCondition Condition, string? Reason)
{
    /// <summary>Everything works.</summary>
    public static StoreState Running { get; } = new(StoreCondition.Running, null);

    /// <summary>Whether an append would be tried.</summary>
    public bool CanAppend => Condition == StoreCondition.Running;

    /// <summary>Whether reads are served.</summary>
    public bool CanRead => Condition != StoreCondition.Stopped;
}
