using System.Globalization;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>
/// Lines of RocketMQ's message trace: parts divided by U+0001, the line ended by U+0002.
/// <code>
///  Pub        time region group topic id tags keys store-host size cost type offset-id success
///  SubBefore  time region group request-id id retries keys
///  SubAfter   request-id id cost success keys code time group
/// </code>
/// </summary>
internal static class MessageTraceText
{
    private const char PartEnd = '\u0001';
    private const char LineEnd = '\u0002';
    private const string Region = "DefaultRegion";
    private const int Normal = 0;
    private const int Delayed = 3;
    private const int Failed = 4;

    public static string Published(long time, string group, string topic, in TracedMessage message, int size, TimeSpan took, bool isDelayed, bool isSuccess)
        => Line(
            "Pub", Number(time), Region, group, topic, message.Id, message.Tag, message.Keys, string.Empty,
            Number(size), Number((long)took.TotalMilliseconds), Number(isDelayed ? Delayed : Normal), message.OffsetId, isSuccess ? "true" : "false");

    public static string Delivered(long time, string group, string request, in TracedMessage message, int attempt)
        => Line("SubBefore", Number(time), Region, group, request, message.Id, Number(attempt - 1), message.Keys);

    public static string Settled(long time, string group, string request, in TracedMessage message, TimeSpan took, bool isSuccess)
        => Line(
            "SubAfter", request, message.Id, Number((long)took.TotalMilliseconds), isSuccess ? "true" : "false", message.Keys, Number(isSuccess ? 0 : Failed), Number(time), group);

    private static string Line(string type, params ReadOnlySpan<string?> parts) => $"{type}{PartEnd}{string.Join(PartEnd, parts)}{LineEnd}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
