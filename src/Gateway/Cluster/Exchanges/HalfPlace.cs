using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Gateway.Cluster.Exchanges;

/// <summary>
/// Where the half message of a transaction is. The id of a transaction says it all, so that any gateway can end it:
/// <code>unique-key . place in the queue . place in the log . group . broker . topic [. asked]</code>
/// with group, broker and topic as base64url.
/// </summary>
/// <param name="Key">Unique key of the message.</param>
/// <param name="QueueOffset">Place in the queue of half messages.</param>
/// <param name="LogOffset">Place in the broker's log.</param>
/// <param name="Group">The producer group.</param>
/// <param name="Broker">The broker that keeps it.</param>
/// <param name="Topic">The topic that it is meant for.</param>
/// <param name="WasAsked">Whether it is from a question of the broker: then the time that the transaction gave its producer counts no more.</param>
internal sealed record HalfPlace(string Key, long QueueOffset, long LogOffset, string Group, string Broker, string Topic, bool WasAsked)
{
    private const string Asked = "asked";

    /// <summary>Reads an id; null when it is none.</summary>
    public static HalfPlace? Read(string id)
    {
        string[] parts = id.Split('.');
        return parts.Length is 6 or 7
            && (parts.Length == 6 || parts[6] == Asked)
            && parts[0].Length > 0
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long queueOffset)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long logOffset)
            && TextOf(parts[3]) is { } group && TopicNames.IsValidGroup(group)
            && TextOf(parts[4]) is { Length: > 0 } broker
            && TextOf(parts[5]) is { } topic && TopicNames.IsValid(topic)
            ? new HalfPlace(parts[0], queueOffset, logOffset, group, broker, topic, parts.Length == 7)
            : null;
    }

    /// <summary>The id.</summary>
    public string Write()
        => string.Create(CultureInfo.InvariantCulture, $"{Key}.{QueueOffset}.{LogOffset}.{Base64(Group)}.{Base64(Broker)}.{Base64(Topic)}{(WasAsked ? "." + Asked : string.Empty)}");

    private static string Base64(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string? TextOf(string part) => Base64Url.IsValid(part) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(part)) : null;
}
