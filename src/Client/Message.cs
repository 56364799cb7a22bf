namespace ProtoBridgeMQ.Client;

/// <summary>A message to send.</summary>
/// <remarks>
/// Not thread safe while it is changed; sending does not change it, so one object may be sent many times.
/// The body and <see cref="PropertyText"/> are borrowed: leave them alone until the send has completed.
/// </remarks>
public sealed class Message
{
    private Dictionary<string, string>? _properties;

    /// <summary>Makes a message.</summary>
    /// <param name="topic">The topic: 1 to 127 of the characters a-z A-Z 0-9 _ - % |.</param>
    /// <param name="body">The body; may be empty.</param>
    /// <param name="tag">The tag, by which consumers filter; null for none.</param>
    /// <param name="keys">Keys for look-up, separated by blanks; null for none.</param>
    public Message(string topic, ReadOnlyMemory<byte> body, string? tag = null, string? keys = null)
    {
        ArgumentNullException.ThrowIfNull(topic);
        Topic = topic;
        Body = body;
        Tag = tag;
        Keys = keys;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The body, borrowed until the send completes. Over 4 KiB it is compressed on the way (see <see cref="ProducerOptions.CompressOver"/>).</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>The tag; null for none.</summary>
    public string? Tag { get; set; }

    /// <summary>Keys for look-up, separated by blanks; null for none.</summary>
    public string? Keys { get; set; }

    /// <summary>A number of the application's own. Default 0.</summary>
    public int Flag { get; set; }

    /// <summary>Delay level: 0 (the default) at once; 1 to 18 are 1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h unless the broker is configured otherwise.</summary>
    public int DelayLevel { get; set; }

    /// <summary>
    /// When it is to come, by the broker's clock, to the second; null (the default) at once. RocketMQ 5 and ours; it is not sent to
    /// brokers of 4.x, which would deliver it at once (<see cref="RefusalReason.Unsupported"/>). Not with <see cref="DelayLevel"/> or <see cref="DeliverAfter"/>.
    /// </summary>
    public DateTimeOffset? DeliverAt { get; set; }

    /// <summary>How long after the broker took it it is to come; null (the default) at once. As <see cref="DeliverAt"/> otherwise.</summary>
    public TimeSpan? DeliverAfter { get; set; }

    /// <summary>Whether the broker answers only once the message is as durable as it is configured for. Default true.</summary>
    public bool WaitForStore { get; set; } = true;

    /// <summary>When it was made; null takes the clock at sending.</summary>
    public DateTimeOffset? BornAt { get; set; }

    /// <summary>
    /// Properties of the application's own. Names and values must not have the characters U+0001 and U+0002, and names
    /// must not be RocketMQ's own (TAGS, KEYS, UNIQ_KEY, ...). The whole text is limited to 32,767 bytes.
    /// </summary>
    public IDictionary<string, string> Properties => _properties ??= new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Properties as RocketMQ's text already (name U+0001 value U+0002, repeated, UTF-8), which stands before the others
    /// and is not looked into: for bridges that must not lose a byte. Borrowed until the send completes. Default empty.
    /// When it has a UNIQ_KEY, that is the message's id.
    /// </summary>
    public ReadOnlyMemory<byte> PropertyText { get; set; }

    internal Dictionary<string, string>? OwnProperties => _properties;
}
