using System.Buffers;
using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Makes the property text and packs the body. No input or output.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class MessageEncoder(UniqueKey keys, TimeProvider time, int maxBodySize, int compressOver, CompressionType compression)
{
    /// <summary>Digits of the key of a host with an IPv6 address.</summary>
    private const int LongestKey = 56;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "KEYS", "TAGS", "WAIT", "DELAY", "RETRY_TOPIC", "REAL_TOPIC", "REAL_QID", "TRAN_MSG", "PGROUP", "MIN_OFFSET",
        "MAX_OFFSET", "BUYER_ID", "ORIGIN_MESSAGE_ID", "TRANSFER_FLAG", "CORRECTION_FLAG", "MQ2_FLAG", "RECONSUME_TIME",
        "MSG_REGION", "TRACE_ON", "UNIQ_KEY", "MAX_RECONSUME_TIMES", "CONSUME_START_TIME", "INNER_NUM", "INNER_BASE",
        "TIMER_DELIVER_MS", "TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_OUT_MS", "TIMER_DEL_UNIQKEY", "CLUSTER", "__CRC32#",
        "CORRELATION_ID", "REPLY_TO_CLIENT", "TTL", "MSG_TYPE", "PUSH_REPLY_TIME", "ARRIVE_TIME", "POP_CK", "1ST_POP_TIME",
    };

    private static readonly Dictionary<string, string> NoProperties = [];

    private readonly int _compression = compression == CompressionType.Lz4 ? MessageSysFlag.CompressionLz4 : MessageSysFlag.CompressionZlib;

    /// <summary>Encodes one message of a request of its own.</summary>
    /// <exception cref="InvalidMessageException">It cannot be sent as it is.</exception>
    public EncodedMessage Encode(Message message) => Encode(message, default, mayCompress: true);

    /// <summary>Encodes one message with properties of RocketMQ's own, which say what it is for.</summary>
    /// <exception cref="InvalidMessageException">It cannot be sent as it is.</exception>
    public EncodedMessage Encode(Message message, ReadOnlySpan<SystemProperty> system) => Encode(message, system, mayCompress: true);

    /// <summary>Encodes one message of a batch, which is never compressed.</summary>
    /// <exception cref="InvalidMessageException">It cannot be sent as it is.</exception>
    public EncodedMessage EncodeForBatch(Message message)
    {
        if (IsDelayed(message))
        {
            throw new InvalidMessageException("A message with a delay cannot be in a batch: send it alone.");
        }

        return Encode(message, default, mayCompress: false);
    }

    /// <summary>Whether it is to come later.</summary>
    public static bool IsDelayed(Message message)
        => message.DelayLevel != 0 || message.DeliverAt is not null || message.DeliverAfter is not null;

    private EncodedMessage Encode(Message message, ReadOnlySpan<SystemProperty> system, bool mayCompress)
    {
        Names.RequireTopic(message.Topic);
        ReadOnlyMemory<byte> body = message.Body;
        if (body.Length > maxBodySize)
        {
            throw new InvalidMessageException($"The body has {body.Length} bytes; the limit is {maxBodySize} (option MaxBodySize, and the broker's own).");
        }

        int systemFlag = 0;
        if (mayCompress && body.Length > compressOver)
        {
            byte[] packed = BodyCompression.Pack(body.Span, _compression);
            if (packed.Length < body.Length)
            {
                body = packed;
                systemFlag = MessageSysFlag.Compressed | _compression;
            }
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Bound(message, system));
        try
        {
            int length = WriteProperties(message, system, buffer, out string messageId);
            long born = (message.BornAt ?? time.GetUtcNow()).ToUnixTimeMilliseconds();
            SendKind kind = message.DeliverAt is null && message.DeliverAfter is null ? SendKind.Message : SendKind.Timed;
            return new EncodedMessage(buffer, length, body, systemFlag, message.Flag, born, messageId) { Kind = kind };
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private int WriteProperties(Message message, ReadOnlySpan<SystemProperty> system, byte[] buffer, out string messageId)
    {
        ReadOnlySpan<byte> given = message.PropertyText.Span;
        given.CopyTo(buffer);
        int start = given.Length;
        if (start > 0 && given[^1] != PropertyText.PropertySeparator)
        {
            buffer[start++] = PropertyText.PropertySeparator;
        }

        var writer = new PropertyTextWriter(buffer.AsSpan(start));
        if (message.OwnProperties is { } own)
        {
            AddOwn(ref writer, own);
        }

        Add(ref writer, "KEYS", message.Keys);
        Add(ref writer, "TAGS", message.Tag);
        foreach (SystemProperty property in system)
        {
            Add(ref writer, property.Name, property.Value);
        }

        AddTime(ref writer, message);

        if (!PropertyText.TryGet(given, SystemProperties.Wait, out _))
        {
            Require(writer.TryAdd(SystemProperties.Wait, message.WaitForStore ? "true"u8 : "false"u8), "WAIT");
        }

        if (PropertyText.TryGet(given, SystemProperties.UniqueKey, out ReadOnlySpan<byte> key))
        {
            messageId = Encoding.UTF8.GetString(key);
        }
        else
        {
            Span<byte> digits = stackalloc byte[LongestKey];
            digits = digits[..keys.Length];
            keys.Write(digits);
            messageId = Encoding.ASCII.GetString(digits);
            Require(writer.TryAdd(SystemProperties.UniqueKey, digits), "UNIQ_KEY");
        }

        int length = start + writer.Length;
        if (length > MessageRecord.MaxProperties)
        {
            throw new InvalidMessageException($"The properties take {length} bytes; the limit is {MessageRecord.MaxProperties}.");
        }

        return length;
    }

    private static void AddOwn(ref PropertyTextWriter writer, Dictionary<string, string> own)
    {
        foreach ((string name, string value) in own)
        {
            if (Reserved.Contains(name))
            {
                throw new InvalidMessageException($"The property {name} is RocketMQ's own: use the member of Message that sets it, or another name.");
            }

            Require(writer.TryAdd(name.AsSpan(), value.AsSpan()), name);
        }
    }

    private static void Add(ref PropertyTextWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            Require(writer.TryAdd(name.AsSpan(), value.AsSpan()), name);
        }
    }

    private static void Require(bool added, string name)
    {
        if (!added)
        {
            throw new InvalidMessageException($"The property '{name}' has no name, or it or its value has the character U+0001 or U+0002.");
        }
    }

    private static void AddTime(ref PropertyTextWriter writer, Message message)
    {
        if (!IsDelayed(message))
        {
            return;
        }

        if ((message.DelayLevel != 0 ? 1 : 0) + (message.DeliverAt is null ? 0 : 1) + (message.DeliverAfter is null ? 0 : 1) > 1)
        {
            throw new InvalidMessageException("The message has more than one of DelayLevel, DeliverAt and DeliverAfter: leave one.");
        }

        if (message.DelayLevel != 0)
        {
            Add(ref writer, "DELAY", message.DelayLevel.ToString(CultureInfo.InvariantCulture));
        }
        else if (message.DeliverAt is { } at)
        {
            Add(ref writer, "TIMER_DELIVER_MS", at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        }
        else if (message.DeliverAfter is { } after)
        {
            long milliseconds = after >= TimeSpan.Zero
                ? (long)after.TotalMilliseconds
                : throw new InvalidMessageException($"The message is to come after {after}: that is in the past.");
            Add(ref writer, "TIMER_DELAY_MS", milliseconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Bytes that are enough for the properties: three for each UTF-16 unit, and what we add.</summary>
    private static int Bound(Message message, ReadOnlySpan<SystemProperty> system)
    {
        const int Ours = 256;
        long bound = message.PropertyText.Length + Ours + (3L * ((message.Tag?.Length ?? 0) + (message.Keys?.Length ?? 0)));
        foreach ((string name, string value) in message.OwnProperties ?? NoProperties)
        {
            bound += (3L * (name.Length + (value?.Length ?? 0))) + 2;
        }

        foreach (SystemProperty property in system)
        {
            bound += (3L * (property.Name.Length + property.Value.Length)) + 2;
        }

        return bound > 8 * MessageRecord.MaxProperties
            ? throw new InvalidMessageException($"The properties are larger than the limit of {MessageRecord.MaxProperties} bytes.")
            : (int)bound;
    }
}
