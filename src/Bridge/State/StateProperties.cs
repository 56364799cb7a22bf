using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.State;

/// <summary>
/// Properties of a record of the fronts' state. Space and key are also the record's KEYS, by which a compacted topic
/// keeps the latest of them; there a mark says what an empty body means.
/// <code>
///   KEYS: length of the space, colon, space, key      space, key      removed: gone=1, __DELETE__=1
///                                                                     empty value: __DELETE__=0
/// </code>
/// </summary>
public static class StateProperties
{
    /// <summary>The space.</summary>
    public static ReadOnlySpan<byte> Space => "space"u8;

    /// <summary>The key in its space.</summary>
    public static ReadOnlySpan<byte> Key => "key"u8;

    /// <summary>A removed key.</summary>
    public static ReadOnlySpan<byte> Gone => "gone"u8;

    private static ReadOnlySpan<byte> Keys => "KEYS"u8;

    private static ReadOnlySpan<byte> Delete => "__DELETE__"u8;

    /// <summary>Writes the properties of a record; a null value removes the key.</summary>
    public static void Write(ref PropertyTextWriter properties, string space, string key, byte[]? value)
    {
        properties.Write(Keys, $"{space.Length}:{space}{key}");
        properties.Write(Space, space);
        properties.Write(Key, key);
        if (value is null)
        {
            properties.Write(Gone, "1"u8);
            properties.Write(Delete, "1"u8);
        }
        else if (value.Length == 0)
        {
            properties.Write(Delete, "0"u8);
        }
    }
}
