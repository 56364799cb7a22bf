namespace ProtoBridgeMQ.Bridge;

/// <summary>Why a bridge refused. Each front maps every value to its protocol's own reason in exactly one place.</summary>
public enum BridgeError
{
    /// <summary>The topic does not exist and may not be created by using it.</summary>
    TopicNotFound,

    /// <summary>The topic's name or settings are not possible.</summary>
    TopicInvalid,

    /// <summary>The group's name is not possible, or the group is not allowed to consume.</summary>
    GroupInvalid,

    /// <summary>The filter expression does not parse.</summary>
    FilterInvalid,

    /// <summary>The body is larger than <see cref="BridgeCapabilities.MaxBodySize"/>.</summary>
    MessageTooLarge,

    /// <summary>The property text is larger than <see cref="BridgeCapabilities.MaxPropertiesSize"/>, or a name or value has a reserved character.</summary>
    PropertiesInvalid,

    /// <summary>Some other field of the request is not possible.</summary>
    InvalidArgument,

    /// <summary>The delivery is not in flight: settled already, its lease ran out, or from another process's life.</summary>
    DeliveryUnknown,

    /// <summary>A limit of load is reached; the same call may go through later.</summary>
    Busy,

    /// <summary>The store takes no writes: disk full, or a write failed.</summary>
    ReadOnly,

    /// <summary>No broker or name server answers.</summary>
    Unreachable,

    /// <summary>No answer in time; whether it happened is unknown.</summary>
    Timeout,

    /// <summary>Access control forbids it.</summary>
    NotAuthorized,

    /// <summary>This bridge cannot do it at all.</summary>
    Unsupported,

    /// <summary>A defect or an unknown answer; details are in the message.</summary>
    Internal,
}
