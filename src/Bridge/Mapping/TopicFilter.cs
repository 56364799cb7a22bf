namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>MQTT topic filters: <c>+</c> is any one level, <c>#</c> all that follow, and the level before it.</summary>
public static class TopicFilter
{
    private const byte Separator = (byte)'/';

    /// <summary>Whether a topic name matches a filter that is well formed; both are UTF-8.</summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> name)
    {
        // Wildcards do not match a first level that begins with $ [MQTT-4.7.2-1].
        if (!name.IsEmpty && name[0] == '$' && !filter.IsEmpty && filter[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }

        bool more = true;
        while (true)
        {
            ReadOnlySpan<byte> wanted = CutLevel(ref filter, out bool filterGoesOn);
            if (wanted is [(byte)'#'])
            {
                return true;
            }

            if (!more)
            {
                return false;
            }

            ReadOnlySpan<byte> level = CutLevel(ref name, out more);
            if (wanted is not [(byte)'+'] && !wanted.SequenceEqual(level))
            {
                return false;
            }

            if (!filterGoesOn)
            {
                return !more;
            }
        }
    }

    /// <summary>Whether it is a topic filter: <c>+</c> is a whole level, <c>#</c> the whole last one [MQTT-4.7.1-1] [MQTT-4.7.1-2].</summary>
    public static bool IsValid(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty || filter.Length > MqttTopicName.MaxLength || filter.Contains((byte)0))
        {
            return false;
        }

        foreach (Range range in filter.Split((byte)'/'))
        {
            ReadOnlySpan<byte> level = filter[range];
            bool isWhole = level.Length == 1 && (level[0] != (byte)'#' || range.End.GetOffset(filter.Length) == filter.Length);
            if (HasWildcard(level) && !isWhole)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a filter has a wildcard.</summary>
    public static bool HasWildcard(ReadOnlySpan<byte> filter) => filter.ContainsAny((byte)'+', (byte)'#');

    /// <summary>Takes the first level off; whether another one follows.</summary>
    internal static ReadOnlySpan<byte> CutLevel(ref ReadOnlySpan<byte> rest, out bool more)
    {
        int end = rest.IndexOf(Separator);
        more = end >= 0;
        ReadOnlySpan<byte> level = more ? rest[..end] : rest;
        rest = more ? rest[(end + 1)..] : default;
        return level;
    }
}
