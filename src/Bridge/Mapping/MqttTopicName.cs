using System.Text.Unicode;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>An MQTT topic name cut into what the mapping looks at. A view: no copy is made.</summary>
public readonly ref struct MqttTopicName
{
    /// <summary>Longest topic name in bytes.</summary>
    public const int MaxLength = 65535;

    private MqttTopicName(ReadOnlySpan<byte> head, bool hasRest, ReadOnlySpan<byte> rest, bool isRaw)
    {
        Head = head;
        HasRest = hasRest;
        Rest = rest;
        IsRaw = isRaw;
    }

    /// <summary>The first level of a name that shows RocketMQ names as they are.</summary>
    public static ReadOnlySpan<byte> RawLevel => "$rmq"u8;

    /// <summary>The level that names the topic: the first, or of <c>$rmq/topic/tag</c> the second.</summary>
    public ReadOnlySpan<byte> Head { get; }

    /// <summary>Whether a separator follows the head.</summary>
    public bool HasRest { get; }

    /// <summary>What follows that separator.</summary>
    public ReadOnlySpan<byte> Rest { get; }

    /// <summary>Whether it is a <c>$rmq/</c> name.</summary>
    public bool IsRaw { get; }

    /// <summary>Cuts a name. Only the separators are looked at: the name may be a filter, too.</summary>
    public static MqttTopicName Cut(ReadOnlySpan<byte> name)
    {
        int first = name.IndexOf((byte)'/');
        ReadOnlySpan<byte> head = first < 0 ? name : name[..first];
        if (!head.SequenceEqual(RawLevel))
        {
            return new MqttTopicName(head, first >= 0, first < 0 ? default : name[(first + 1)..], isRaw: false);
        }

        ReadOnlySpan<byte> behind = first < 0 ? default : name[(first + 1)..];
        int second = behind.IndexOf((byte)'/');
        return second < 0
            ? new MqttTopicName(behind, hasRest: false, default, isRaw: true)
            : new MqttTopicName(behind[..second], hasRest: true, behind[(second + 1)..], isRaw: true);
    }

    /// <summary>Whether a PUBLISH may carry it: well-formed UTF-8, no wildcard, no U+0000, 1 to 65535 bytes.</summary>
    public static bool IsValid(ReadOnlySpan<byte> name)
        => name.Length is > 0 and <= MaxLength && !name.ContainsAny((byte)'+', (byte)'#', (byte)0) && Utf8.IsValid(name);
}
