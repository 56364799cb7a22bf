using System.Collections.Frozen;
using System.Text;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// Names of user properties &lt;-&gt; names of properties in the log. A user's name that RocketMQ or the gateway reserves
/// is written as <c>user:NAME</c>, so that a user property can never pose as a system property; every name comes
/// back as it was.
/// <code>
///  user   TAGS        user:TAGS        user:x      ""
///  log    user:TAGS   user:user:TAGS   user:x      user:
/// </code>
/// </summary>
public static class UserPropertyNames
{
    private static readonly FrozenSet<string> Reserved = MakeReserved();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> ReservedLookup =
        Reserved.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int LongestReserved = Reserved.Max(name => name.Length);

    private static ReadOnlySpan<byte> Escape => "user:"u8;

    /// <summary>Whether a name in the log belongs to RocketMQ or the gateway.</summary>
    public static bool IsSystem(ReadOnlySpan<byte> logName) => IsReserved(logName);

    /// <summary>Appends a user property under its name in the log.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.PropertiesInvalid"/>: U+0001 or U+0002 in it.</exception>
    public static void Write(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref PropertyTextWriter properties)
    {
        if (!IsReserved(Base(name)))
        {
            properties.Write(name, value);
            return;
        }

        using var escaped = new ScratchBytes(Escape.Length + name.Length);
        Escape.CopyTo(escaped.Span);
        name.CopyTo(escaped.Span[Escape.Length..]);
        properties.Write(escaped.Span[..(Escape.Length + name.Length)], value);
    }

    /// <summary>Appends a user property given as text.</summary>
    public static void Write(ReadOnlySpan<char> name, ReadOnlySpan<char> value, ref PropertyTextWriter properties)
    {
        using var utf8 = new ScratchBytes(Encoding.UTF8.GetMaxByteCount(name.Length) + Encoding.UTF8.GetMaxByteCount(value.Length));
        int nameLength = Encoding.UTF8.GetBytes(name, utf8.Span);
        int valueLength = Encoding.UTF8.GetBytes(value, utf8.Span[nameLength..]);
        Write(utf8.Span[..nameLength], utf8.Span.Slice(nameLength, valueLength), ref properties);
    }

    /// <summary>The user's name of a property in the log; false when it is a system property.</summary>
    public static bool TryRead(ReadOnlySpan<byte> logName, out ReadOnlySpan<byte> name)
    {
        name = logName;
        if (!IsReserved(Base(logName)))
        {
            return true;
        }

        if (!logName.StartsWith(Escape))
        {
            return false;
        }

        name = logName[Escape.Length..];
        return true;
    }

    private static ReadOnlySpan<byte> Base(ReadOnlySpan<byte> name)
    {
        while (name.StartsWith(Escape))
        {
            name = name[Escape.Length..];
        }

        return name;
    }

    private static bool IsReserved(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.StartsWith("mqtt."u8) || name.StartsWith("__RMQ."u8))
        {
            return true;
        }

        if (name.Length > LongestReserved)
        {
            return false;
        }

        Span<char> text = stackalloc char[LongestReserved];
        return Encoding.UTF8.TryGetChars(name, text, out int length) && ReservedLookup.Contains(text[..length]);
    }

    /// <summary>The property names that RocketMQ 4.9 and 5.3 give a meaning, and our own.</summary>
    private static FrozenSet<string> MakeReserved()
    {
        const string Names =
            "KEYS TAGS WAIT DELAY RETRY_TOPIC REAL_TOPIC REAL_QID TRAN_MSG PGROUP MIN_OFFSET MAX_OFFSET BUYER_ID "
            + "ORIGIN_MESSAGE_ID TRANSFER_FLAG CORRECTION_FLAG MQ2_FLAG RECONSUME_TIME RECONSUME_TIMES MSG_REGION TRACE_ON "
            + "UNIQ_KEY EXTEND_UNIQ_INFO MAX_RECONSUME_TIMES CONSUME_START_TIME TRAN_PREPARED_QUEUE_OFFSET "
            + "TRANSACTION_CHECK_TIMES CHECK_IMMUNITY_TIME_IN_SECONDS INSTANCE_ID CORRELATION_ID REPLY_TO_CLIENT TTL "
            + "ARRIVE_TIME PUSH_REPLY_TIME CLUSTER MSG_TYPE POP_CK POP_CK_OFFSET 1ST_POP_TIME PROPERTY_FORWARD_QUEUE_ID "
            + "REDIRECT INNER_MULTI_DISPATCH INNER_MULTI_QUEUE_OFFSET INNER_NUM INNER_BASE TRACE_CONTEXT TIMER_DELAY_SEC "
            + "TIMER_DELIVER_MS TIMER_ENQUEUE_MS TIMER_DEQUEUE_MS TIMER_ROLL_TIMES TIMER_OUT_MS TIMER_DEL_UNIQKEY "
            + "TIMER_DELAY_LEVEL TIMER_DELAY_MS DLQ_ORIGIN_TOPIC DLQ_ORIGIN_MESSAGE_ID DUP_INFO BORN_TIMESTAMP "
            + "__BORNHOST __CRC32# __SHARDINGKEY __transactionId__ __STARTDELIVERTIME PROTOBRIDGE_REQUEST";
        return Names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
    }
}
