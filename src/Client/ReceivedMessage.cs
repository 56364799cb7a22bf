using System.Net;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client;

/// <summary>A message that was received. It owns its memory and may be kept.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class ReceivedMessage
{
    // As in the record: half the size of what is made of them.
    private readonly long _bornAt;
    private readonly long _storedAt;
    private IReadOnlyDictionary<string, string>? _properties;

    internal ReceivedMessage(MessageQueue queue, in MessageView view)
    {
        ReadOnlySpan<byte> text = view.PropertyText;
        if (view.IsCompressed)
        {
            Body = view.ReadBody();
            PropertyText = text.ToArray();
        }
        else
        {
            // One block for both: what is kept of a delivery is one object and one array.
            ReadOnlySpan<byte> body = view.StoredBody;
            byte[] block = GC.AllocateUninitializedArray<byte>(body.Length + text.Length);
            body.CopyTo(block);
            text.CopyTo(block.AsSpan(body.Length));
            Body = block.AsMemory(0, body.Length);
            PropertyText = block.AsMemory(body.Length);
        }

        Queue = queue;
        QueueOffset = view.QueueOffset;
        LogOffset = view.LogOffset;
        ReconsumeTimes = view.ReconsumeTimes;
        Flag = view.Flag;
        _bornAt = view.BornTimestamp;
        _storedAt = view.StoreTimestamp;
        BornHostAddress = view.BornHost;
        StoreHostAddress = view.StoreHost;
        Topic = view.OriginalTopic(queue.Topic);
    }

    /// <summary>A reply, as its broker hands it on.</summary>
    internal ReceivedMessage(in ReplyMessageRequestHeader reply, byte[] body)
    {
        Body = body;
        PropertyText = reply.Sent.Properties.Span.ToArray();
        Topic = reply.Sent.Topic.ToString();
        Queue = new MessageQueue(Topic, string.Empty, reply.Sent.QueueId);
        QueueOffset = -1;
        LogOffset = -1;
        ReconsumeTimes = reply.Sent.ReconsumeTimes ?? 0;
        Flag = reply.Sent.Flag;
        _bornAt = reply.Sent.BornTimestamp;
        _storedAt = reply.StoreTimestamp;
        BornHostAddress = Host(reply.BornHost);
        StoreHostAddress = Host(reply.StoreHost);
    }

    private ReceivedMessage(ReceivedMessage other, int reconsumeTimes)
    {
        Body = other.Body;
        PropertyText = other.PropertyText;
        Topic = other.Topic;
        Queue = other.Queue;
        QueueOffset = other.QueueOffset;
        LogOffset = other.LogOffset;
        ReconsumeTimes = reconsumeTimes;
        Missing = other.Missing;
        Flag = other.Flag;
        _bornAt = other._bornAt;
        _storedAt = other._storedAt;
        BornHostAddress = other.BornHostAddress;
        StoreHostAddress = other.StoreHostAddress;
    }

    /// <summary>The topic it was sent to; for a message that comes again the original one, not the group's retry topic.</summary>
    public string Topic { get; }

    /// <summary>The body, unpacked.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The queue it was read from; of the group's retry topic for a message that comes again.</summary>
    public MessageQueue Queue { get; }

    /// <summary>Its position in <see cref="Queue"/>.</summary>
    public long QueueOffset { get; }

    /// <summary>Its position in the broker's log.</summary>
    public long LogOffset { get; }

    /// <summary>How often it came before: 0 for the first time.</summary>
    public int ReconsumeTimes { get; }

    /// <summary>
    /// Messages of its queue directly before it that were deleted before they were read here: retention was faster, or somebody
    /// deleted them. 0 where nothing is missing, and for messages that were popped. A filter may have left out some of them.
    /// </summary>
    public long Missing { get; internal init; }

    /// <summary>The sender's own number.</summary>
    public int Flag { get; }

    /// <summary>When the sender made it, by its clock.</summary>
    public DateTimeOffset BornAt => Time(_bornAt);

    /// <summary>When the broker stored it, by its clock.</summary>
    public DateTimeOffset StoredAt => Time(_storedAt);

    /// <summary>Where it was sent from.</summary>
    public IPEndPoint BornHost => BornHostAddress.ToEndPoint();

    /// <summary>The broker that stored it.</summary>
    public IPEndPoint StoreHost => StoreHostAddress.ToEndPoint();

    /// <summary>The tag, or null.</summary>
    public string? Tag => Find(SystemProperties.Tags);

    /// <summary>The keys, separated by blanks, or null.</summary>
    public string? Keys => Find(SystemProperties.Keys);

    /// <summary>The id that the sender gave it, the same in every delivery; <see cref="OffsetMessageId"/> when it gave none.</summary>
    public string MessageId => Find(SystemProperties.UniqueKey) ?? OffsetMessageId;

    /// <summary>The id by which a broker finds it: address and log position, hexadecimal.</summary>
    public string OffsetMessageId => Remoting.Messages.OffsetMessageId.Format(StoreHostAddress, LogOffset);

    /// <summary>The properties as RocketMQ's text: name U+0001 value U+0002, repeated, UTF-8.</summary>
    public ReadOnlyMemory<byte> PropertyText { get; }

    /// <summary>All properties, RocketMQ's own among them; read from the text when first asked for.</summary>
    public IReadOnlyDictionary<string, string> Properties => _properties ??= ReadProperties();

    internal HostAddress BornHostAddress { get; }

    internal HostAddress StoreHostAddress { get; }

    /// <summary>The same message, tried as often as said.</summary>
    internal ReceivedMessage Tried(int reconsumeTimes) => new(this, reconsumeTimes);

    /// <summary>A sender may write any number: what is no time is the nearest one.</summary>
    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    private static HostAddress Host(string text)
        => IPEndPoint.TryParse(text.TrimStart('/'), out IPEndPoint? endPoint) ? HostAddress.From(endPoint) : HostAddress.Loopback(0);

    private string? Find(ReadOnlySpan<byte> name) => Remoting.Messages.PropertyText.GetString(PropertyText.Span, name);

    private Dictionary<string, string> ReadProperties()
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        PropertyTextReader reader = Remoting.Messages.PropertyText.Read(PropertyText.Span);
        while (reader.MoveNext())
        {
            // Of a stored record, not of the message; brokers that put records together anew leave it anywhere.
            if (reader.Name.SequenceEqual(RecordCrc.Name))
            {
                continue;
            }

            properties[Encoding.UTF8.GetString(reader.Name)] = Encoding.UTF8.GetString(reader.Value);
        }

        return properties;
    }
}
