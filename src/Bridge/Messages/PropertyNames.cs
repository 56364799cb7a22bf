namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>RocketMQ's system properties that fronts read or write. Names are UTF-8, ready for property text.</summary>
public static class PropertyNames
{
    /// <summary>The tag: one per message.</summary>
    public static ReadOnlySpan<byte> Tags => "TAGS"u8;

    /// <summary>Keys for look-up, separated by spaces.</summary>
    public static ReadOnlySpan<byte> Keys => "KEYS"u8;

    /// <summary>The id that the producing client made.</summary>
    public static ReadOnlySpan<byte> UniqueKey => "UNIQ_KEY"u8;

    /// <summary>How often the message was sent back.</summary>
    public static ReadOnlySpan<byte> ReconsumeTimes => "RECONSUME_TIME"u8;

    /// <summary>The topic that a retry message first had.</summary>
    public static ReadOnlySpan<byte> RetryTopic => "RETRY_TOPIC"u8;

    /// <summary>The id that a retry message first had.</summary>
    public static ReadOnlySpan<byte> OriginMessageId => "ORIGIN_MESSAGE_ID"u8;

    /// <summary>Delay level.</summary>
    public static ReadOnlySpan<byte> Delay => "DELAY"u8;

    /// <summary>The full MQTT topic, kept where the topic and tag do not give it back.</summary>
    public static ReadOnlySpan<byte> MqttTopic => "mqtt.topic"u8;

    /// <summary>MQTT 5 content type.</summary>
    public static ReadOnlySpan<byte> MqttContentType => "mqtt.content-type"u8;

    /// <summary>MQTT 5 response topic.</summary>
    public static ReadOnlySpan<byte> MqttResponseTopic => "mqtt.response-topic"u8;

    /// <summary>MQTT 5 correlation data, base64url.</summary>
    public static ReadOnlySpan<byte> MqttCorrelationData => "mqtt.correlation-data"u8;

    /// <summary>MQTT 5 message expiry as a point in time, Unix milliseconds.</summary>
    public static ReadOnlySpan<byte> MqttExpiresAt => "mqtt.expires-at"u8;

    /// <summary>MQTT 5 payload format indicator, 0 or 1.</summary>
    public static ReadOnlySpan<byte> MqttPayloadFormat => "mqtt.payload-format"u8;

    /// <summary>Digest of the request that published it, by which a repeated request is told from another one.</summary>
    public static ReadOnlySpan<byte> RequestDigest => "PROTOBRIDGE_REQUEST"u8;

    /// <summary>Request-reply: names the request.</summary>
    public static ReadOnlySpan<byte> CorrelationId => "CORRELATION_ID"u8;

    /// <summary>Request-reply: the client that waits for the reply.</summary>
    public static ReadOnlySpan<byte> ReplyToClient => "REPLY_TO_CLIENT"u8;

    /// <summary>Request-reply: milliseconds that the client waits.</summary>
    public static ReadOnlySpan<byte> TimeToLive => "TTL"u8;

    /// <summary>Request-reply: the cluster of the broker that took the request.</summary>
    public static ReadOnlySpan<byte> Cluster => "CLUSTER"u8;

    /// <summary>Request-reply: what a reply says of itself.</summary>
    public static ReadOnlySpan<byte> MessageType => "MSG_TYPE"u8;

    /// <summary>Published as a retained message, when 1.</summary>
    public static ReadOnlySpan<byte> MqttRetain => "mqtt.retain"u8;
}
