namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// What one pop took from one queue, as long as not all of it is acknowledged. It lies in the revive topic too, so that it
/// survives the process.
/// </summary>
/// <remarks>Guarded by the lock of its queue, but for the links of the tables that it is in.</remarks>
internal sealed class Checkpoint : DueNode
{
    /// <summary>Most messages of one.</summary>
    public const int MostMessages = 32;

    /// <summary>Whose messages it has.</summary>
    public required PopQueue Queue { get; init; }

    /// <summary>The account that it is in.</summary>
    public required ReviveQueue Account { get; init; }

    /// <summary>Where the read began.</summary>
    public required long StartOffset { get; init; }

    /// <summary>When it was popped, Unix milliseconds.</summary>
    public required long PopTime { get; init; }

    /// <summary>Milliseconds.</summary>
    public required long InvisibleTime { get; init; }

    /// <summary>How many messages.</summary>
    public required int Count { get; init; }

    /// <summary>Distances of the messages from <see cref="StartOffset"/>; null when they follow each other from it on.</summary>
    public int[]? Distances { get; init; }

    /// <summary>The broker that its handles name; null for this one.</summary>
    public string? BrokerName { get; init; }

    /// <summary>A bit for each message that is settled.</summary>
    public uint Settled { get; set; }

    /// <summary>Its place in the revive queue.</summary>
    public long ReviveOffset { get; set; } = -1;

    public Checkpoint? NextInAccount { get; set; }

    public Checkpoint? PreviousInAccount { get; set; }

    public CheckpointKey Key => new(StartOffset, PopTime);

    /// <summary>How many messages are not settled.</summary>
    public int Open => Count - System.Numerics.BitOperations.PopCount(Settled);

    /// <summary>When it is revived.</summary>
    public long ReviveTime => Math.Max(0, InvisibleTime) > long.MaxValue - PopTime ? long.MaxValue : PopTime + Math.Max(0, InvisibleTime);

    /// <summary>One behind its last message.</summary>
    public long End => OffsetAt(Count - 1) + 1;

    public long OffsetAt(int index) => StartOffset + (Distances is null ? index : Distances[index]);

    /// <summary>The index of a message; -1 when it is not in here.</summary>
    public int IndexOf(long offset)
    {
        long distance = offset - StartOffset;
        if (distance is < 0 or > int.MaxValue)
        {
            return -1;
        }

        return Distances is not null ? Array.IndexOf(Distances, (int)distance) : distance < Count ? (int)distance : -1;
    }

    /// <summary>Settles a message; false when it is settled, or not in here.</summary>
    public bool Settle(long offset)
    {
        int index = IndexOf(offset);
        if (index < 0 || (Settled & (1u << index)) != 0)
        {
            return false;
        }

        Settled |= 1u << index;
        return true;
    }
}

/// <summary>Which checkpoint of a queue.</summary>
internal readonly record struct CheckpointKey(long StartOffset, long PopTime);
