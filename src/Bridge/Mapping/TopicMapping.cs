using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// MQTT topic name &lt;-&gt; (RocketMQ topic, tag), both ways without allocation and without loss:
/// <code>
///  a/b/c          topic a       tag b/c        the first level is the topic, what follows is the tag
///  a              topic a       no tag
///  a/             topic a       tag %          a rest of nothing but % (also of none) gets one more %
///  /b             topic %00     tag b          the empty first level; no MQTT name has U+0000
///  é/b            topic %C3%A9  tag b          bytes outside a-z A-Z 0-9 _ - are escaped
///  $rmq/%RETRY%g  topic %RETRY%g               RocketMQ names that are no such escape
///  $rmq/a/x%2By   topic a       tag x+y        tags that no MQTT name can have; %XX escaped
/// </code>
/// A <c>$rmq/</c> name that has another spelling is refused, so that every pair has exactly one name.
/// </summary>
public static class TopicMapping
{
    private const byte Separator = (byte)'/';
    private const byte Mark = (byte)'%';
    private const int StackLimit = 512;

    private static ReadOnlySpan<byte> EmptyLevel => "%00"u8;

    private static ReadOnlySpan<byte> ReservedTopic => "%24rmq"u8;

    /// <summary>Room that <see cref="WriteTag(ReadOnlySpan{byte}, Span{byte})"/> needs.</summary>
    public static int MaxTagLength(int nameLength) => nameLength + 1;

    /// <summary>Room that <see cref="WriteName(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/> needs.</summary>
    public static int MaxNameLength(int topicLength, int tagLength)
        => MqttTopicName.RawLevel.Length + topicLength + (3 * tagLength) + 2;

    /// <summary>Writes the RocketMQ topic of an MQTT topic name and answers its length (at most 127).</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: too long, or a <c>$rmq/</c> name that has another spelling.</exception>
    public static int WriteTopic(ReadOnlySpan<byte> name, Span<byte> destination)
    {
        MqttTopicName cut = MqttTopicName.Cut(name);
        if (cut.IsRaw)
        {
            return WriteRawTopic(cut, destination);
        }

        if (name.ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd))
        {
            throw Invalid("it has U+0001 or U+0002, which separate properties in the log");
        }

        if (cut.Head.IsEmpty)
        {
            EmptyLevel.CopyTo(destination);
            return EmptyLevel.Length;
        }

        Span<byte> limited = destination.Length > TopicNames.MaxLength ? destination[..TopicNames.MaxLength] : destination;
        int length = PercentText.EscapeTopic(cut.Head, limited);
        return length >= 0
            ? length
            : throw Invalid($"its first level needs more than the {TopicNames.MaxLength} characters of a RocketMQ topic (bytes outside a-z A-Z 0-9 _ - count three)");
    }

    /// <summary>Writes the tag of an MQTT topic name that <see cref="WriteTopic"/> took, and answers its length; -1: no tag.</summary>
    public static int WriteTag(ReadOnlySpan<byte> name, Span<byte> destination)
    {
        MqttTopicName cut = MqttTopicName.Cut(name);
        if (!cut.HasRest)
        {
            return -1;
        }

        if (cut.IsRaw)
        {
            return PercentText.Unescape(cut.Rest, destination);
        }

        cut.Rest.CopyTo(destination);
        if (!IsMarksOnly(cut.Rest))
        {
            return cut.Rest.Length;
        }

        destination[cut.Rest.Length] = Mark;
        return cut.Rest.Length + 1;
    }

    /// <summary>Appends the tag of an MQTT topic name to the property text, when it has one.</summary>
    public static void WriteTag(ReadOnlySpan<byte> name, ref PropertyTextWriter properties)
    {
        MqttTopicName cut = MqttTopicName.Cut(name);
        if (!cut.HasRest)
        {
            return;
        }

        if (!cut.IsRaw && !IsMarksOnly(cut.Rest))
        {
            properties.Write(PropertyNames.Tags, cut.Rest);
            return;
        }

        using var tag = new ScratchBytes(MaxTagLength(name.Length));
        properties.Write(PropertyNames.Tags, tag.Span[..WriteTag(name, tag.Span)]);
    }

    /// <summary>
    /// Writes the MQTT topic name of a RocketMQ topic and tag (empty: none) and answers its length;
    /// -1: the destination is too small, or the name would be longer than MQTT allows.
    /// </summary>
    public static int WriteName(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> tag, Span<byte> destination)
    {
        destination = destination.Length > MqttTopicName.MaxLength ? destination[..MqttTopicName.MaxLength] : destination;
        Span<byte> level = stackalloc byte[TopicNames.MaxLength];
        int length = ReadLevel(topic, level);
        if (length < 0 || !IsPlainTag(tag))
        {
            return WriteRawName(topic, tag, destination);
        }

        if (destination.Length < length)
        {
            return -1;
        }

        level[..length].CopyTo(destination);
        if (tag.IsEmpty)
        {
            return length;
        }

        ReadOnlySpan<byte> rest = IsMarksOnly(tag) ? tag[1..] : tag;
        if (destination.Length < length + 1 + rest.Length)
        {
            return -1;
        }

        destination[length] = Separator;
        rest.CopyTo(destination[(length + 1)..]);
        return length + 1 + rest.Length;
    }

    /// <summary>
    /// Writes the MQTT topic name to deliver a message under: the one that was kept with it, or that of its topic
    /// and tag. Answers as <see cref="WriteName(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/> does.
    /// </summary>
    public static int WriteName(in BridgeMessage message, Span<byte> destination)
    {
        message.Properties.TryGet(PropertyNames.MqttTopic, out ReadOnlySpan<byte> kept);
        message.Properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
        return WriteName(message.Topic, tag, kept, destination);
    }

    /// <summary>The same for the parts of a message; the kept name is empty when there is none.</summary>
    public static int WriteName(string messageTopic, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> kept, Span<byte> destination)
    {
        if (MqttTopicName.IsValid(kept))
        {
            return kept.TryCopyTo(destination) ? kept.Length : -1;
        }

        if (messageTopic.Length > StackLimit)
        {
            return -1;
        }

        Span<byte> topic = stackalloc byte[StackLimit];
        return Encoding.UTF8.TryGetBytes(messageTopic, topic, out int length) ? WriteName(topic[..length], tag, destination) : -1;
    }

    /// <summary>The ordering key of an MQTT topic: equal names have equal hashes, in every process and version.</summary>
    public static int OrderingHash(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte value in name)
        {
            hash = unchecked((hash ^ value) * 16777619);
        }

        // The low bits choose the queue: mix the high ones in.
        return (int)((hash ^ (hash >> 15)) & int.MaxValue);
    }

    private static int WriteRawTopic(MqttTopicName cut, Span<byte> destination)
    {
        foreach (byte value in cut.Head)
        {
            if (!PercentText.TopicAlphabet.Contains(value) && value is not (Mark or (byte)'|'))
            {
                throw Invalid("what follows $rmq/ is no RocketMQ topic name");
            }
        }

        if (cut.Head.Length is 0 or > TopicNames.MaxLength)
        {
            throw Invalid($"what follows $rmq/ is no RocketMQ topic name of 1 to {TopicNames.MaxLength} characters");
        }

        bool plainTag = !cut.HasRest || CheckRawTag(cut.Rest);
        Span<byte> level = stackalloc byte[TopicNames.MaxLength];
        if (plainTag && ReadLevel(cut.Head, level) >= 0)
        {
            throw Invalid("this topic and tag have a name without $rmq/; use that one");
        }

        cut.Head.CopyTo(destination);
        return cut.Head.Length;
    }

    /// <summary>Whether the tag of a raw name could stand in a plain name; throws when its escapes are not the one spelling.</summary>
    private static bool CheckRawTag(ReadOnlySpan<byte> escaped)
    {
        using var room = new ScratchBytes(escaped.Length * 4);
        Span<byte> tag = room.Span[..escaped.Length];
        int length = PercentText.Unescape(escaped, tag);
        if (length <= 0)
        {
            throw Invalid("the tag behind the $rmq/ topic is empty or has half an escape");
        }

        Span<byte> again = room.Span[escaped.Length..];
        int againLength = PercentText.EscapeTag(tag[..length], again);
        if (againLength < 0 || !again[..againLength].SequenceEqual(escaped))
        {
            throw Invalid("the tag behind the $rmq/ topic escapes what needs none");
        }

        if (tag[..length].ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd))
        {
            throw Invalid("its tag has U+0001 or U+0002, which separate properties in the log");
        }

        return IsPlainTag(tag[..length]);
    }

    private static int WriteRawName(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> tag, Span<byte> destination)
    {
        int head = MqttTopicName.RawLevel.Length + 1 + topic.Length;
        if (destination.Length < head + 1)
        {
            return -1;
        }

        MqttTopicName.RawLevel.CopyTo(destination);
        destination[MqttTopicName.RawLevel.Length] = Separator;
        topic.CopyTo(destination[(MqttTopicName.RawLevel.Length + 1)..]);
        if (tag.IsEmpty)
        {
            return head;
        }

        destination[head] = Separator;
        int escaped = PercentText.EscapeTag(tag, destination[(head + 1)..]);
        return escaped < 0 ? -1 : head + 1 + escaped;
    }

    /// <summary>The first level that a RocketMQ topic is the escape of; -1 when it is of none.</summary>
    private static int ReadLevel(ReadOnlySpan<byte> topic, Span<byte> level)
    {
        if (topic.SequenceEqual(EmptyLevel))
        {
            return 0;
        }

        if (topic.IsEmpty || topic.Length > TopicNames.MaxLength || topic.SequenceEqual(ReservedTopic))
        {
            return -1;
        }

        if (topic.IndexOf(Mark) < 0)
        {
            topic.CopyTo(level);
            return topic.IndexOfAnyExcept(PercentText.TopicAlphabet) < 0 ? topic.Length : -1;
        }

        Span<byte> again = stackalloc byte[TopicNames.MaxLength];
        int length = PercentText.Unescape(topic, level);
        return length > 0
            && PercentText.EscapeTopic(level[..length], again) is >= 0 and var size
            && again[..size].SequenceEqual(topic)
            && MqttTopicName.IsValid(level[..length])
            && !level[..length].ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd, Separator)
            ? length
            : -1;
    }

    private static bool IsPlainTag(ReadOnlySpan<byte> tag) => tag.IsEmpty || MqttTopicName.IsValid(tag);

    private static bool IsMarksOnly(ReadOnlySpan<byte> rest) => rest.IndexOfAnyExcept(Mark) < 0;

    private static BridgeException Invalid(string why)
        => new(BridgeError.TopicInvalid, $"The topic name cannot be mapped: {why}.");
}
