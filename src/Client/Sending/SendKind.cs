namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Which request a send is.</summary>
internal enum SendKind
{
    /// <summary>One message.</summary>
    Message,

    /// <summary>One message with a time of its own: the same request, but brokers of RocketMQ 4 would deliver it at once.</summary>
    Timed,

    /// <summary>A part of a batch.</summary>
    Batch,

    /// <summary>A reply to a request: the broker hands it on to who asked.</summary>
    Reply,
}
