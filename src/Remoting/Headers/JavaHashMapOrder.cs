using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// The order in which a Java HashMap with string keys iterates: by bucket, and within a bucket by insertion. Apache's
/// headers leave in this order, so ours do too: recorded frames can be compared byte by byte.
/// </summary>
public static class JavaHashMapOrder
{
    /// <summary>The table size of a map made without one.</summary>
    public const int DefaultCapacity = 16;

    /// <summary>The table size of a header to which fields were added by name before its typed fields.</summary>
    public const int AddedFieldsCapacity = 256;

    /// <summary>Java's <c>String.hashCode</c>, mixed as HashMap mixes it.</summary>
    public static uint Hash(ReadOnlySpan<byte> name)
    {
        if (name.Length == 1 && name[0] < 0x80)
            return name[0];
        if (!Ascii.IsValid(name))
            return Hash(Encoding.UTF8.GetString(name).AsSpan());
        var hash = 0u;
        foreach (var letter in name)
            hash = (hash * 31) + letter;
        return hash ^ (hash >> 16);
    }

    /// <summary>Java's <c>String.hashCode</c>, mixed as HashMap mixes it.</summary>
    public static uint Hash(ReadOnlySpan<char> name)
    {
        var hash = 0u;
        foreach (var letter in name)
            hash = (hash * 31) + letter;
        return hash ^ (hash >> 16);
    }

    /// <summary>The table size that <paramref name="count"/> insertions lead to: it doubles beyond three quarters.</summary>
    public static int Capacity(int initial, int count)
    {
        var capacity = initial;
        while (count > capacity - (capacity >> 2))
            capacity <<= 1;
        return capacity;
    }

    /// <summary>The names in iteration order after being put in the given order.</summary>
    public static IReadOnlyList<string> Sort(IEnumerable<string> names, int initialCapacity = DefaultCapacity)
    {
        var list = names.ToList();
        var mask = (uint)Capacity(initialCapacity, list.Count) - 1;
        return [.. list.OrderBy(name => Hash(name.AsSpan()) & mask)];
    }
}
