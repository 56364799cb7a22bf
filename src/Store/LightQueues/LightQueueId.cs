namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// A light queue while the store is open. Not to be kept on a disk: a restart may give the same queue another one; the
/// name is what lasts. An id of a deleted queue is never that of another one.
/// </summary>
/// <param name="Slot">Place in the tables; 0 is none.</param>
/// <param name="Incarnation">Tells the queues apart that had the slot one after the other.</param>
public readonly record struct LightQueueId(int Slot, int Incarnation)
{
    /// <summary>No queue.</summary>
    public static LightQueueId None => default;

    /// <summary>True for <see cref="None"/>.</summary>
    public bool IsNone => Slot == 0;
}

/// <summary>A light queue as it is now.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="MinOffset">Offset of its first entry.</param>
/// <param name="MaxOffset">Offset after its last entry.</param>
public readonly record struct LightQueueInfo(LightQueueId Id, string Name, long MinOffset, long MaxOffset);

/// <summary>Outcome of making or deleting a light queue.</summary>
public enum LightQueueStatus
{
    /// <summary>It exists, durably: made now or before. Or it is deleted, durably.</summary>
    Done,

    /// <summary>There is no such queue.</summary>
    NotFound,

    /// <summary>The name is empty or longer than 65,535 bytes.</summary>
    Malformed,

    /// <summary>There are <see cref="StoreOptions.MaxLightQueues"/> already.</summary>
    TooMany,

    /// <summary>Fifteen sixteenths of <see cref="StoreOptions.MaxLightQueueBytes"/> are in use, or the disk is full.</summary>
    NoRoom,

    /// <summary>The store takes no writes; see <see cref="MessageStore.State"/>.</summary>
    ReadOnly,
}
