using System.Globalization;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client.Tracing;

/// <summary>
/// One line of RocketMQ's message trace: parts divided by U+0001, the line ended by U+0002.
/// <code>
///  Pub            time region group topic id tags keys store-host size cost type offset-id success
///  SubBefore      time region group request-id id retries keys
///  SubAfter       request-id id cost success keys code time group
///  EndTransaction time region group topic id tags keys store-host type transaction-id state from-check
///  Recall         time region group topic id success
/// </code>
/// </summary>
internal static class TraceText
{
    /// <summary>Type of an ordinary message.</summary>
    public const int Normal = 0;

    private const char PartEnd = '\u0001';
    private const char LineEnd = '\u0002';
    private const int Half = 1;
    private const int Delayed = 3;

    public static string Pub(
        long time, string? region, string group, Message message, in SendReceipt receipt, string storeHost, TimeSpan took, int type, bool isSuccess)
        => Line(
            "Pub", Number(time), region ?? "DefaultRegion", group, message.Topic, receipt.MessageId ?? string.Empty, message.Tag, message.Keys, storeHost,
            Number(message.Body.Length), Number((long)took.TotalMilliseconds), Number(type), receipt.OffsetMessageId ?? string.Empty, Boolean(isSuccess));

    public static string SubBefore(long time, string region, string group, string requestId, ReceivedMessage message)
        => Line("SubBefore", Number(time), region, group, requestId, message.MessageId, Number(message.ReconsumeTimes), message.Keys);

    public static string SubAfter(long time, string group, string requestId, ReceivedMessage message, TimeSpan took, bool isSuccess, int code)
        => Line(
            "SubAfter", requestId, message.MessageId, Number((long)took.TotalMilliseconds), Boolean(isSuccess), message.Keys, Number(code), Number(time), group);

    public static string EndTransaction(
        long time, string group, string topic, string id, string? tags, string? keys, string storeHost, string state, bool fromCheck)
        => Line("EndTransaction", Number(time), "DefaultRegion", group, topic, id, tags, keys, storeHost, "2", id, state, Boolean(fromCheck));

    public static string Recall(long time, string group, string topic, string id, bool isSuccess)
        => Line("Recall", Number(time), "DefaultRegion", group, topic, id, Boolean(isSuccess));

    /// <summary>The number by which traces tell kinds of messages apart.</summary>
    public static int TypeOf(Message message, int systemFlag)
    {
        if ((systemFlag & MessageSysFlag.TransactionPrepared) != 0)
        {
            return Half;
        }

        return MessageEncoder.IsDelayed(message) ? Delayed : Normal;
    }

    /// <summary>Whether a producer group is the one that sends traces: it is not traced itself.</summary>
    public static bool IsTraceTopic(string traceTopic, string group) => group == ProducerGroup(traceTopic);

    /// <summary>The producer group that sends traces.</summary>
    public static string ProducerGroup(string traceTopic) => "_INNER_TRACE_PRODUCER-" + traceTopic;

    private static string Line(string type, params ReadOnlySpan<string?> parts) => $"{type}{PartEnd}{string.Join(PartEnd, parts)}{LineEnd}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Boolean(bool value) => value ? "true" : "false";
}
