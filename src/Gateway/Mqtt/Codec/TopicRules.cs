namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>What topic names and filters look like (section 4.7). The bytes are well-formed UTF-8 already.</summary>
public static class TopicRules
{
    private static ReadOnlySpan<byte> SharePrefix => "$share/"u8;

    /// <summary>Judges a topic name: not empty, no wildcards [MQTT-4.7.3-1] [MQTT-4.7.0-1] [MQTT-3.3.2-2].</summary>
    public static ProtocolError CheckName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return new ProtocolError(ReasonCode.TopicNameInvalid, "topic name is empty");
        if (name.IndexOfAny((byte)'#', (byte)'+') >= 0)
            return new ProtocolError(ReasonCode.TopicNameInvalid, "topic name has a wildcard");
        return default;
    }

    /// <summary>Judges a filter: <c>#</c> alone in the last level, <c>+</c> alone in its level [MQTT-4.7.1-1] [MQTT-4.7.1-2].</summary>
    public static ProtocolError CheckFilter(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty)
            return new ProtocolError(ReasonCode.TopicFilterInvalid, "topic filter is empty");
        for (int i = 0; i < filter.Length; i++)
        {
            byte c = filter[i];
            if (c is not ((byte)'#' or (byte)'+'))
                continue;
            bool begins = i == 0 || filter[i - 1] == '/';
            bool ends = i == filter.Length - 1 || (c == '+' && filter[i + 1] == '/');
            if (!begins || !ends)
                return new ProtocolError(ReasonCode.TopicFilterInvalid, "wildcard does not fill its level, or # is not the last level");
        }

        return default;
    }

    /// <summary>Whether the filter asks for a shared subscription.</summary>
    public static bool IsShared(ReadOnlySpan<byte> filter) => filter.StartsWith(SharePrefix);

    /// <summary>
    /// Takes <c>$share/name/filter</c> apart: the name is not empty and has no wildcard, a filter follows
    /// [MQTT-4.8.2-1] [MQTT-4.8.2-2].
    /// </summary>
    public static bool TrySplitShared(ReadOnlySpan<byte> shared, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> filter)
    {
        name = default;
        filter = default;
        ReadOnlySpan<byte> rest = shared[SharePrefix.Length..];
        int end = rest.IndexOf((byte)'/');
        if (end <= 0 || end == rest.Length - 1 || rest[..end].IndexOfAny((byte)'#', (byte)'+') >= 0)
            return false;
        name = rest[..end];
        filter = rest[(end + 1)..];
        return !CheckFilter(filter).IsError;
    }

    /// <summary>How many levels a name or filter has.</summary>
    public static int CountLevels(ReadOnlySpan<byte> topic) => topic.Count((byte)'/') + 1;
}
