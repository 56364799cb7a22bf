using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>
/// Which page of a list is wanted. A cursor is the key of the last item shown, so that a list that changes meanwhile
/// shows nothing twice and leaves nothing out that stayed.
/// </summary>
/// <param name="Limit">Items, at most.</param>
/// <param name="After">Key of the last item before; empty: from the beginning.</param>
internal readonly record struct Paging(int Limit, string After)
{
    private const int LongestCursor = 1024;

    /// <summary>Reads it.</summary>
    /// <param name="limit">As in the query.</param>
    /// <param name="cursor">As in the query.</param>
    /// <param name="whenAbsent">The limit of a query that does not say.</param>
    /// <param name="max">The largest limit.</param>
    /// <exception cref="RefusalException">One of them is not possible.</exception>
    public static Paging Read(string? limit, string? cursor, int whenAbsent, int max)
    {
        int count = Math.Min(whenAbsent, max);
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count < 1 || count > max))
            throw RefusalException.Invalid($"limit must be a number from 1 to {max}.");

        return new Paging(count, cursor is null ? string.Empty : Decode(cursor));
    }

    /// <summary>Cuts the page out of a list that is in the order of its keys.</summary>
    public (IReadOnlyList<T> Items, string? Next) Cut<T>(IEnumerable<T> all, Func<T, string> keyOf)
    {
        string after = After;
        List<T> items = [.. all.SkipWhile(item => after.Length > 0 && string.CompareOrdinal(keyOf(item), after) <= 0).Take(Limit + 1)];
        if (items.Count <= Limit)
            return (items, null);

        items.RemoveAt(Limit);
        return (items, CursorOf(keyOf(items[^1])));
    }

    /// <summary>The cursor behind an item.</summary>
    public static string CursorOf(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Decode(string cursor)
    {
        byte[] key = new byte[LongestCursor];
        string padded = cursor.Replace('-', '+').Replace('_', '/') + new string('=', (4 - (cursor.Length % 4)) % 4);
        return cursor.Length is > 0 and < LongestCursor && Convert.TryFromBase64String(padded, key, out int length) && length > 0
            ? Encoding.UTF8.GetString(key, 0, length)
            : throw RefusalException.Invalid("cursor is not one that a page before answered with.");
    }
}
