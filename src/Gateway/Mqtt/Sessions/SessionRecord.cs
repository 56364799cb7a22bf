namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>What is kept of a session that outlives its connections; how far it has read is kept apart from it.</summary>
public sealed record SessionRecord
{
    /// <summary>The gateway that has, or last had, the connection; its name changes with every start.</summary>
    public required string Owner { get; init; }

    /// <summary>Counts the owners: progress is written under the epoch, so that an earlier owner's late writes harm nobody.</summary>
    public long Epoch { get; init; }

    /// <summary>The epoch whose progress counts while the present one has none yet.</summary>
    public long EpochBefore { get; init; }

    /// <summary>How long it outlives its connection, in seconds; 0: it ends with it.</summary>
    public uint ExpirySeconds { get; init; }

    /// <summary>When the connection ended, Unix milliseconds; 0 while there is one.</summary>
    public long DisconnectedAt { get; init; }

    /// <summary>The number of the next subscription.</summary>
    public uint NextNumber { get; init; } = 1;

    public IReadOnlyList<SessionSubscription> Subscriptions { get; init; } = [];

    /// <summary>Whether its time is over.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="lastSeen">When the owner was last seen: then it lost the connection, if it did not say so.</param>
    public bool IsExpired(long now, long lastSeen)
    {
        if (DisconnectedAt == 0 && lastSeen >= now)
            return false;
        return now - (DisconnectedAt > 0 ? DisconnectedAt : lastSeen) >= ExpirySeconds * 1000L;
    }
}

/// <summary>One subscription of a session.</summary>
/// <param name="Number">Names it in the session; never used again.</param>
/// <param name="Filter">Topic filter in UTF-8, as the client gave it.</param>
/// <param name="Options">The options byte of SUBSCRIBE, with the granted QoS; in the place of the retain handling, whether something is owed.</param>
/// <param name="Identifier">Subscription identifier; 0 for none.</param>
/// <param name="Start">Where it began in the filter's queues; empty when it has none.</param>
public sealed record SessionSubscription(uint Number, ReadOnlyMemory<byte> Filter, byte Options, uint Identifier, IReadOnlyList<QueuePosition> Start)
{
    /// <summary>In <see cref="Options"/>: what was retained when it began is owed, as far as progress does not say that it was sent.</summary>
    public const byte RetainedOwed = 16;

    /// <summary>Whether what was retained when it began is owed.</summary>
    public bool IsRetainedOwed => (Options & RetainedOwed) != 0;

    /// <summary>Granted QoS.</summary>
    public byte Qos => (byte)(Options & 3);

    public bool NoLocal => (Options & 4) != 0;

    public bool RetainAsPublished => (Options & 8) != 0;

    /// <summary>Whether its messages come from a queue of the filter, and not from the tail.</summary>
    public bool IsQueued => Start.Count > 0;
}

/// <summary>A place in the part of a filter's queue that one broker has.</summary>
/// <param name="Broker">The broker's name.</param>
/// <param name="Offset">Offset of the next entry.</param>
public readonly record struct QueuePosition(string Broker, long Offset)
{
    /// <summary>Whether it is a place among the retained messages, which belong to no broker's part.</summary>
    public bool IsOfRetained => Broker.Length == 0;

    /// <summary>A place among the retained messages.</summary>
    public static QueuePosition OfRetained(long offset) => new(string.Empty, offset);
}
