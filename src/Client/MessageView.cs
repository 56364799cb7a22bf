using System.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client;

/// <summary>A message inside a <see cref="PullResult"/>, read in place: nothing is copied or allocated.</summary>
/// <remarks>Valid until the result is disposed.</remarks>
public readonly ref struct MessageView
{
    private readonly MessageRecord _record;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly int _maxBodySize;

    internal MessageView(MessageRecord record, ReadOnlyMemory<byte> memory, int maxBodySize)
    {
        _record = record;
        _memory = memory;
        _maxBodySize = maxBodySize;
    }

    /// <summary>The number of the queue that its broker stored it in.</summary>
    public int QueueId => _record.QueueId;

    /// <summary>Its position in the queue.</summary>
    public long QueueOffset => _record.QueueOffset;

    /// <summary>Its position in the broker's log.</summary>
    public long LogOffset => _record.PhysicalOffset;

    /// <summary>How often it was sent back before.</summary>
    public int ReconsumeTimes => _record.ReconsumeTimes;

    /// <summary>The sender's own number.</summary>
    public int Flag => _record.Flag;

    /// <summary>When the sender made it, in milliseconds since 1970.</summary>
    public long BornTimestamp => _record.BornTimestamp;

    /// <summary>When the broker stored it, in milliseconds since 1970.</summary>
    public long StoreTimestamp => _record.StoreTimestamp;

    /// <summary>The tag, UTF-8; empty without.</summary>
    public ReadOnlySpan<byte> Tag => _record.Tags;

    /// <summary>The properties as RocketMQ's text, UTF-8.</summary>
    public ReadOnlySpan<byte> PropertyText => _record.Properties;

    /// <summary>Whether the body is stored compressed.</summary>
    public bool IsCompressed => BodyCompression.IsCompressed(_record.SysFlag);

    /// <summary>The body as stored: compressed when <see cref="IsCompressed"/>.</summary>
    public ReadOnlySpan<byte> StoredBody => _record.Body;

    /// <summary>The body: borrowed from the result, or a new array when it had to be unpacked.</summary>
    /// <exception cref="BadAnswerException">The body does not unpack, or is larger than the limit.</exception>
    public ReadOnlyMemory<byte> ReadBody()
    {
        ReadOnlyMemory<byte> stored = StoredBodyMemory;
        if (!IsCompressed)
        {
            return stored;
        }

        if (BodyCompression.TryUnpack(_record.SysFlag, stored, _maxBodySize, out byte[] unpacked, out string? problem))
        {
            return unpacked;
        }

        throw new BadAnswerException(
            $"The body of the message at queue offset {QueueOffset} of topic {_record.TopicString} cannot be unpacked: {problem} (the limit is option MaxBodySize).",
            null,
            mayHaveHappened: false);
    }

    /// <summary>Where the broker stored it, as the id by which it is found: host and log position.</summary>
    public string OffsetMessageId => Remoting.Messages.OffsetMessageId.Format(StoreHost, LogOffset);

    /// <summary>The address of the broker that stored it: IPv4 and port in 8 bytes, or IPv6 and port in 20.</summary>
    /// <returns>How many bytes were written.</returns>
    public int CopyStoreHost(Span<byte> destination) => StoreHost.Write(destination);

    internal ReadOnlySpan<byte> TopicText => _record.Topic;

    internal int SystemFlag => _record.SysFlag;

    internal ReadOnlyMemory<byte> StoredBodyMemory => _memory.Slice(_record.BodyAt, _record.Body.Length);

    internal HostAddress BornHost => _record.BornHost;

    internal HostAddress StoreHost => _record.StoreHost;

    /// <summary>The topic that the sender named: a retry message keeps it in a property.</summary>
    /// <param name="topic">The topic of the queue that it was pulled from.</param>
    public string OriginalTopic(string topic)
        => Names.IsRetryTopic(topic) && Remoting.Messages.PropertyText.TryGet(PropertyText, SystemProperties.RetryTopic, out ReadOnlySpan<byte> original)
            ? Encoding.UTF8.GetString(original)
            : topic;
}
