using System.Globalization;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Reads points in time: ISO 8601 (<c>2030-01-31T08:00:00Z</c>; without an offset UTC) or Unix milliseconds.</summary>
internal static class Times
{
    private const string Rule = "write 2030-01-31T08:00:00Z or Unix milliseconds";

    /// <summary>Reads one.</summary>
    /// <exception cref="RefusalException">It is something else.</exception>
    public static DateTimeOffset Read(string name, string text)
        => TryParse(text, out DateTimeOffset time) ? time : throw RefusalException.Invalid($"{name} is no point in time: {Rule}.");

    /// <summary>Reads one, or null when it is absent.</summary>
    public static DateTimeOffset? ReadOptional(string name, string? text) => text is null ? null : Read(name, text);

    /// <summary>Reads a point in time, or a duration from now on.</summary>
    public static DateTimeOffset ReadFromNow(string name, string text, DateTimeOffset now)
        => TryParse(text, out DateTimeOffset time) ? time
            : Durations.TryParse(text, out TimeSpan left) && left <= DateTimeOffset.MaxValue - now ? now + left
            : throw RefusalException.Invalid($"{name} is neither a duration ({Durations.Rule}) nor a point in time ({Rule}).");

    /// <summary>The delay until a point in time; none when it is past.</summary>
    public static TimeSpan Until(DateTimeOffset time, DateTimeOffset now) => time > now ? time - now : TimeSpan.Zero;

    private static bool TryParse(string text, out DateTimeOffset time)
    {
        // Shorter numbers are seconds, as durations are.
        if (text.Length >= 12 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds))
        {
            bool isPossible = milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
            time = isPossible ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
            return isPossible;
        }

        time = default;
        return text.Length >= 10
            && char.IsAsciiDigit(text[0])
            && text[4] == '-'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
