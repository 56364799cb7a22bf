using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Topics;

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
    /// <summary>Shortest lease.</summary>
    public static TimeSpan MinLease => TimeSpan.FromSeconds(1);

    /// <summary>Longest lease.</summary>
    public static TimeSpan MaxLease => TimeSpan.FromHours(12);

    /// <summary>How messages are shared.</summary>
    public required StreamKind Kind { get; init; }

    /// <summary>The topics; exactly one or more named ones for a group.</summary>
    public required TopicSelection Topics { get; init; }

    /// <summary>The group; required for <see cref="StreamKind.Group"/>, else null.</summary>
    public string? Group { get; init; }

    /// <summary>Tag expression: <c>*</c>, or tags separated by <c>||</c>.</summary>
    public string Filter { get; init; } = "*";

    /// <summary>SQL92 expression instead of <see cref="Filter"/>, for groups; null for none. All members of the group use it.</summary>
    public string? Sql { get; init; }

    /// <summary>A group takes the filter that its members here have for the topic; only without any <see cref="Filter"/> counts.</summary>
    public bool AnyFilter { get; init; }

    /// <summary>Groups of MQTT: which names of the topics belong to the group, instead of <see cref="Filter"/>; null for none.</summary>
    public NameFilter? Names { get; init; }

    /// <summary>Where a new group begins.</summary>
    public GroupStart Start { get; init; } = GroupStart.Earliest;

    /// <summary>How long a delivery is held before it comes again. Default 30 seconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Who receives, for listings and logs: a client id, an address.</summary>
    public string Subscriber { get; init; } = "gateway";

    /// <summary>Refuses what no bridge can do; every bridge calls it first, so that all refuse alike.</summary>
    /// <exception cref="BridgeException">Says what is wrong.</exception>
    public void ThrowIfInvalid()
    {
        TagExpression.Parse(Filter);
        foreach (string topic in Topics.Names)
        {
            TopicNames.ThrowIfInvalid(topic);
        }

        if (Kind == StreamKind.Tail)
        {
            if (Group is not null || Names is not null || Sql is not null)
            {
                throw new BridgeException(BridgeError.InvalidArgument, "A tail stream has no group and no filter of one.");
            }

            return;
        }

        TopicNames.ThrowIfInvalidGroup(Group);
        if (Sql is not null && (Names is not null || Filter != "*" || string.IsNullOrWhiteSpace(Sql)))
        {
            throw new BridgeException(BridgeError.FilterInvalid, "An SQL92 expression is not empty and has no other filter beside it.");
        }

        if (Topics.IsAll || Topics.Names.Count == 0)
        {
            throw new BridgeException(BridgeError.InvalidArgument, "A group consumes one or more named topics.");
        }

        if (Lease < MinLease || Lease > MaxLease)
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"A lease lasts from {MinLease.TotalSeconds} s to {MaxLease.TotalHours} h.");
        }
    }

    /// <summary>What the group consumes of a topic, as far as this request says.</summary>
    public GroupFilter FilterOf(string topic) => Names?.On(topic) ?? new GroupFilter(TagExpression.Parse(Filter), null) { Sql = Sql?.Trim() };
}
