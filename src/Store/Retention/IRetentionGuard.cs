namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// Somebody who still needs records: a protected group that has not read them, a timer whose message is in them, a delay
/// level that has not delivered them. Retention asks before it deletes.
/// </summary>
public interface IRetentionGuard
{
    /// <summary>For people: <c>group orders of topic a</c>. Part of alarms.</summary>
    string Name { get; }

    /// <summary>
    /// Physical offset of the first record that is needed; <see cref="long.MaxValue"/> when none is. Called from
    /// retention's thread; may look things up, must not block for long.
    /// </summary>
    long LowestNeeded { get; }

    /// <summary>
    /// Whether what it needs is read from the queues of a topic: then a topic's own shorter retention time does not pass
    /// it either.
    /// </summary>
    bool Reads(string topic) => true;
}

/// <summary>Guards that come and go: asked anew at every pass.</summary>
public interface IRetentionGuardSource
{
    /// <summary>The guards as of now.</summary>
    IEnumerable<IRetentionGuard> Guards { get; }
}
