using System.Text;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// The name in <c>$share/name/filter</c> &lt;-&gt; RocketMQ group, one to one:
/// <code>
///  workers     workers       what RocketMQ allows stays as it is, also % and |
///  küche       k%C3%BCche    other bytes are %XX
///  k%C3%BCche  k%25C3%25BCche   what looks like such an escape is escaped itself
/// </code>
/// </summary>
public static class ShareName
{
    /// <summary>The group of a share name.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.GroupInvalid"/>: it is longer than a group's name can be.</exception>
    public static string ToGroup(ReadOnlySpan<byte> name)
    {
        Span<byte> group = stackalloc byte[TopicNames.MaxGroupLength];
        bool asItIs = name.Length <= group.Length && IsGroup(name) && !IsEscape(name);
        if (asItIs)
        {
            return Encoding.ASCII.GetString(name);
        }

        int length = PercentText.EscapeTopic(name, group);
        return length > 0
            ? Encoding.ASCII.GetString(group[..length])
            : throw new BridgeException(
                BridgeError.GroupInvalid,
                $"The share name needs more than the {TopicNames.MaxGroupLength} characters of a group (bytes outside a-z A-Z 0-9 _ - count three).");
    }

    /// <summary>The share name of a group.</summary>
    public static string FromGroup(string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        byte[] text = Encoding.ASCII.GetBytes(group);
        if (!IsEscape(text))
        {
            return group;
        }

        Span<byte> name = stackalloc byte[text.Length];
        return Encoding.UTF8.GetString(name[..PercentText.Unescape(text, name)]);
    }

    private static bool IsGroup(ReadOnlySpan<byte> name)
    {
        foreach (byte value in name)
        {
            if (!PercentText.TopicAlphabet.Contains(value) && value is not ((byte)'%' or (byte)'|'))
            {
                return false;
            }
        }

        return !name.IsEmpty;
    }

    /// <summary>Whether it is what a share name that needs escapes becomes.</summary>
    private static bool IsEscape(ReadOnlySpan<byte> group)
    {
        if (group.IndexOf((byte)'%') < 0)
        {
            return false;
        }

        Span<byte> name = stackalloc byte[TopicNames.MaxGroupLength];
        Span<byte> again = stackalloc byte[TopicNames.MaxGroupLength];
        int length = PercentText.Unescape(group, name);
        return length > 0
            && IsName(name[..length])
            && PercentText.EscapeTopic(name[..length], again) is > 0 and var size
            && again[..size].SequenceEqual(group);
    }

    /// <summary>Whether it can stand in a shared subscription.</summary>
    private static bool IsName(ReadOnlySpan<byte> name) => MqttTopicName.IsValid(name) && name.IndexOf((byte)'/') < 0;
}
