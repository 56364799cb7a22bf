using System.Globalization;
using System.Xml;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Reads <c>500ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c>, ISO 8601 (<c>PT5S</c>) or plain seconds.</summary>
internal static class Durations
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36500);

    public const string Rule = "write 500ms, 5s, 2m, 1h, PT5S or seconds";

    /// <summary>Reads a duration of at least zero and at most <paramref name="max"/>; the default when it is absent.</summary>
    /// <exception cref="RefusalException">It is something else.</exception>
    public static TimeSpan Read(string name, string? text, TimeSpan whenAbsent, TimeSpan max)
    {
        if (text is null)
            return whenAbsent;

        if (!TryParse(text, out TimeSpan value))
            throw RefusalException.Invalid($"{name} is no duration: {Rule}.");

        return value <= max
            ? value
            : throw RefusalException.Invalid($"{name} is longer than the limit of {max.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.");
    }

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = default;
        if (text.StartsWith("P", StringComparison.OrdinalIgnoreCase))
            return TryIso(text.ToString().ToUpperInvariant(), out value);

        (int suffix, double factor) = text switch
        {
            [.., 'm', 's'] => (2, 1e-3),
            [.., 's'] => (1, 1),
            [.., 'm'] => (1, 60),
            [.., 'h'] => (1, 3600),
            _ => (0, 1d),
        };
        if (!double.TryParse(text[..^suffix], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            || !double.IsFinite(number)
            || number * factor > Longest.TotalSeconds)
        {
            return false;
        }

        value = TimeSpan.FromSeconds(number * factor);
        return true;
    }

    private static bool TryIso(string text, out TimeSpan value)
    {
        value = default;
        try
        {
            value = XmlConvert.ToTimeSpan(text);
            return value >= TimeSpan.Zero && value <= Longest;
        }
        catch (Exception wrong) when (wrong is FormatException or OverflowException)
        {
            return false;
        }
    }
}
