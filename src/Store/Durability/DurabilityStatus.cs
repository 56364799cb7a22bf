namespace ProtoBridgeMQ.Store.Durability;

/// <summary>What became of a wait for durability.</summary>
public enum DurabilityStatus
{
    /// <summary>As durable as <see cref="FlushMode"/> promises: it may be acknowledged.</summary>
    Durable,

    /// <summary>The write or fsync failed, or the store closed first: it must not be acknowledged. Whether it survives is unknown.</summary>
    Failed,
}

/// <summary>What an acknowledgement promises.</summary>
public enum FlushMode
{
    /// <summary>Group commit: acknowledged after fsync.</summary>
    Fsync,

    /// <summary>Acknowledged once in the page cache; survives the death of the process, not of the machine.</summary>
    Async,
}
