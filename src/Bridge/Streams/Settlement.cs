namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>What became of a delivery.</summary>
public enum Outcome
{
    /// <summary>Handled: never again for this group.</summary>
    Accept,

    /// <summary>Not handled: it comes again, counted as an attempt; after the last attempt it is a dead letter.</summary>
    Release,

    /// <summary>Cannot be handled: to the group's dead letters at once.</summary>
    DeadLetter,

    /// <summary>Still at work: the lease is renewed.</summary>
    Extend,
}

/// <summary>An outcome with its time.</summary>
/// <param name="Outcome">What became of the delivery.</param>
/// <param name="Time">Release: the delay until it comes again; where the brokers have no timers rounded up to a delay level. Extend: the new lease from now.</param>
public readonly record struct Settlement(Outcome Outcome, TimeSpan Time = default)
{
    /// <summary>Handled.</summary>
    public static Settlement Accept => new(Outcome.Accept);

    /// <summary>To the dead letters.</summary>
    public static Settlement DeadLetter => new(Outcome.DeadLetter);

    /// <summary>Again, after a delay.</summary>
    public static Settlement Release(TimeSpan delay = default) => new(Outcome.Release, delay);

    /// <summary>Hold it for this long from now.</summary>
    public static Settlement Extend(TimeSpan lease) => new(Outcome.Extend, lease);
}
