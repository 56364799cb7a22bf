namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What became of a message that was handed to the broker.</summary>
public enum SendStatus
{
    /// <summary>Stored, and as durable as the broker is configured for.</summary>
    Ok,

    /// <summary>The topic does not exist and may not be created by sending to it.</summary>
    TopicNotFound,

    /// <summary>The topic's name is impossible or reserved.</summary>
    TopicInvalid,

    /// <summary>The topic may not be created because the broker has as many as it is allowed.</summary>
    TopicLimit,

    /// <summary>The topic or the broker does not give the permission to write.</summary>
    NoPermission,

    /// <summary>The queue id is not one of the topic's.</summary>
    QueueInvalid,

    /// <summary>The body is empty or larger than the broker's limit.</summary>
    BodyInvalid,

    /// <summary>The property text is larger than the record can hold, or not well formed.</summary>
    PropertiesInvalid,

    /// <summary>The group's name is impossible.</summary>
    GroupInvalid,

    /// <summary>The group has no subscription settings and may not be created by using it.</summary>
    GroupNotFound,

    /// <summary>The member wants something else of a topic than the others of its group, and that is not allowed.</summary>
    SubscriptionDiffers,

    /// <summary>The message that should be sent back is not in the log any more.</summary>
    MessageNotFound,

    /// <summary>The message needs something this broker does not do.</summary>
    Unsupported,

    /// <summary>A limit of load is reached; the same message may go through later.</summary>
    Busy,

    /// <summary>The message should come at a time, and there are too many such messages, or the broker takes none.</summary>
    TimerRefused,

    /// <summary>The message to recall cannot be waiting: its time is over or impossible.</summary>
    RecallInvalid,

    /// <summary>The store takes no writes: disk full, a write failed, or the broker is stopping.</summary>
    ReadOnly,

    /// <summary>It was written, but whether it is durable is unknown: the flush failed or the broker stopped meanwhile.</summary>
    Unknown,
}
