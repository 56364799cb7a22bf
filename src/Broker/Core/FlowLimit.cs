namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What a message was refused for that would have been taken at another time: a tag of <c>broker.flow.refused</c>.</summary>
public enum FlowLimit
{
    /// <summary><see cref="BrokerOptions.MaxUndurableBytes"/>: the disk is slower than the producers.</summary>
    UndurableBytes,

    /// <summary><see cref="BrokerOptions.MaxWaitingSends"/>: as above, by number.</summary>
    WaitingSends,

    /// <summary>The store has as many queues as it may.</summary>
    Queues,

    /// <summary>No room on the disk; it goes on when there is.</summary>
    DiskFull,

    /// <summary>A write or flush failed: no more until a restart.</summary>
    ReadOnly,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}
