namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>
/// What holds when members of a group want different things of a topic. A queue belongs to one member: what that one does not
/// want nobody of the group gets. So none of these makes such a group right; it is counted, shown and warned of.
/// </summary>
public enum DifferentSubscriptions
{
    /// <summary>A member is given what it asked for itself.</summary>
    EachItsOwn,

    /// <summary>All are given what the latest asked for, as in Apache RocketMQ.</summary>
    Latest,

    /// <summary>A member that wants something else than those before it is refused.</summary>
    Refuse,
}
