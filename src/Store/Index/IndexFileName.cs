using System.Globalization;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>Names of index files: the local time at which they were made, in 17 digits. Their order is that of the files.</summary>
internal static class IndexFileName
{
    private const string Format = "yyyyMMddHHmmssfff";

    public static bool IsOne(string name) => TryParse(name, out _);

    /// <summary>The name of a file made now; after <paramref name="last"/> whatever the clock was set to.</summary>
    public static string Next(DateTimeOffset localNow, string? last)
    {
        var name = localNow.ToString(Format, CultureInfo.InvariantCulture);
        if (last is null || string.CompareOrdinal(name, last) > 0)
            return name;
        return TryParse(last, out var time) && time < DateTime.MaxValue.AddDays(-1)
            ? time.AddMilliseconds(1).ToString(Format, CultureInfo.InvariantCulture)
            : throw new IOException($"No index file can follow the one named '{last}': remove that file from the directory 'index'.");
    }

    private static bool TryParse(string name, out DateTime time) =>
        DateTime.TryParseExact(name, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
