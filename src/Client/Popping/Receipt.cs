using System.Globalization;

namespace ProtoBridgeMQ.Client.Popping;

/// <summary>
/// RocketMQ's receipt handle: <c>start-offset pop-time invisible-time revive-queue retry-mark broker queue offset</c>, with blanks between.
/// The mark is 0, or 1 and 2 for messages of the group's retry topic in its first and second form.
/// </summary>
internal sealed record Receipt(
    long StartOffset, long PopTime, long InvisibleTime, int ReviveQueueId, string RetryMark, string BrokerName, int QueueId, long Offset)
{
    /// <summary>Reads a handle; null when it is none.</summary>
    public static Receipt? Parse(string text)
    {
        string[] parts = text.Split(' ');
        return parts.Length >= 8
            && Long(parts[0], out long start)
            && Long(parts[1], out long popTime)
            && Long(parts[2], out long invisible)
            && Int(parts[3], out int revive)
            && Int(parts[6], out int queue)
            && Long(parts[7], out long offset)
                ? new Receipt(start, popTime, invisible, revive, parts[4], parts[5], queue, offset)
                : null;
    }

    /// <summary>The topic that the message is in: its own, or the group's retry topic for it.</summary>
    public string TopicOf(string topic, string group) => RetryMark switch
    {
        "1" => $"{Names.RetryTopic(group)}_{topic}",
        "2" => $"{Names.RetryTopic(group)}+{topic}",
        _ => topic,
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{StartOffset} {PopTime} {InvisibleTime} {ReviveQueueId} {RetryMark} {BrokerName} {QueueId} {Offset}");

    private static bool Long(string text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool Int(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
}
