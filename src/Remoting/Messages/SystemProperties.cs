namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>Names of the properties with which RocketMQ means something, as UTF-8. Users may not set them.</summary>
public static class SystemProperties
{
    /// <summary>Keys, separated by blanks.</summary>
    public static ReadOnlySpan<byte> Keys => "KEYS"u8;

    /// <summary>The tag.</summary>
    public static ReadOnlySpan<byte> Tags => "TAGS"u8;

    /// <summary>Whether the producer waits for the store.</summary>
    public static ReadOnlySpan<byte> Wait => "WAIT"u8;

    /// <summary>Delay level, 1 to 18 by default.</summary>
    public static ReadOnlySpan<byte> Delay => "DELAY"u8;

    /// <summary>Topic of a sent-back message before it went to the retry topic.</summary>
    public static ReadOnlySpan<byte> RetryTopic => "RETRY_TOPIC"u8;

    /// <summary>Topic that a delayed or half message is meant for.</summary>
    public static ReadOnlySpan<byte> RealTopic => "REAL_TOPIC"u8;

    /// <summary>Queue that a delayed or half message is meant for.</summary>
    public static ReadOnlySpan<byte> RealQueueId => "REAL_QID"u8;

    /// <summary>Unique key that the producer made.</summary>
    public static ReadOnlySpan<byte> UniqueKey => "UNIQ_KEY"u8;

    /// <summary>Id of the message before it was sent back the first time.</summary>
    public static ReadOnlySpan<byte> OriginMessageId => "ORIGIN_MESSAGE_ID"u8;

    /// <summary>Times that consumers sent it back.</summary>
    public static ReadOnlySpan<byte> ReconsumeTime => "RECONSUME_TIME"u8;

    /// <summary>Times that consumers may send it back.</summary>
    public static ReadOnlySpan<byte> MaxReconsumeTimes => "MAX_RECONSUME_TIMES"u8;
}
