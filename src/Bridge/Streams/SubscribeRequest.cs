namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>How messages are shared among streams.</summary>
public enum StreamKind
{
    /// <summary>Every stream receives every message published from its subscription on. Nothing is settled or remembered.</summary>
    Tail,

    /// <summary>The streams and native members of a group share its messages, progress, retries and dead letters.</summary>
    Group,
}

/// <summary>Where a group that has no progress yet begins.</summary>
public enum GroupStart
{
    /// <summary>At the oldest message kept.</summary>
    Earliest,

    /// <summary>At messages published from now on.</summary>
    Latest,
}

/// <summary>What to receive, and as whom.</summary>
public sealed record SubscribeRequest
{
    /// <summary>How messages are shared.</summary>
    public required StreamKind Kind { get; init; }

    /// <summary>The topics; exactly one or more named ones for a group.</summary>
    public required TopicSelection Topics { get; init; }

    /// <summary>The group; required for <see cref="StreamKind.Group"/>, else null.</summary>
    public string? Group { get; init; }

    /// <summary>Tag expression: <c>*</c>, or tags separated by <c>||</c>.</summary>
    public string Filter { get; init; } = "*";

    /// <summary>Where a new group begins.</summary>
    public GroupStart Start { get; init; } = GroupStart.Earliest;

    /// <summary>How long a delivery is held before it comes again. Default 30 seconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Who receives, for listings and logs: a client id, an address.</summary>
    public string Subscriber { get; init; } = "gateway";
}
