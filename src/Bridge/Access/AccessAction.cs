namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>What a client may be allowed, or not. Values combine: a rule may name several.</summary>
[Flags]
public enum AccessAction
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Publish under a topic name; also a will.</summary>
    Publish = 1,

    /// <summary>Subscribe to a filter, consume a topic, and be sent what matches.</summary>
    Subscribe = 2,

    /// <summary>Look at and change topics, groups, clients, messages and settings, and read metrics, by HTTP.</summary>
    Manage = 4,

    /// <summary>Connect under a client identifier.</summary>
    Connect = 8,
}
