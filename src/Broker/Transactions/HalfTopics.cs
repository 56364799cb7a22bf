namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>Topics and the group with which RocketMQ keeps transactions. All of them in queue 0.</summary>
public static class HalfTopics
{
    /// <summary>Half messages: what was sent and not ended yet.</summary>
    public const string Half = "RMQ_SYS_TRANS_HALF_TOPIC";

    /// <summary>Which half messages are done with, by their places in the queue of <see cref="Half"/>.</summary>
    public const string Op = "RMQ_SYS_TRANS_OP_HALF_TOPIC";

    /// <summary>Half messages that were asked about too often, or are too old.</summary>
    public const string Discarded = "TRANS_CHECK_MAX_TIME_TOPIC";

    /// <summary>The group whose progress says where the open half messages begin.</summary>
    public const string Group = "CID_RMQ_SYS_TRANS";

    /// <summary>As <see cref="Half"/>, in UTF-8.</summary>
    public static ReadOnlySpan<byte> HalfUtf8 => "RMQ_SYS_TRANS_HALF_TOPIC"u8;

    /// <summary>As <see cref="Op"/>, in UTF-8.</summary>
    public static ReadOnlySpan<byte> OpUtf8 => "RMQ_SYS_TRANS_OP_HALF_TOPIC"u8;

    /// <summary>As <see cref="Discarded"/>, in UTF-8.</summary>
    public static ReadOnlySpan<byte> DiscardedUtf8 => "TRANS_CHECK_MAX_TIME_TOPIC"u8;
}
