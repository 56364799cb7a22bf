using System.Globalization;

namespace ProtoBridgeMQ.Cli;

/// <summary>Durations and times as people write them.</summary>
internal static class Times
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary><c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>.</summary>
    public static TimeSpan Duration(string option, string text)
    {
        foreach ((string unit, double milliseconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
                && count * milliseconds is > 0 and < 35e8)
            {
                return TimeSpan.FromMilliseconds(count * milliseconds);
            }
        }

        throw CliException.Usage($"{option} is '{text}', which is no time such as 500ms, 10s, 5m, 2h or 1d (at most 40d).");
    }

    /// <summary>An ISO time (UTC when it names no zone), or a duration before now: <c>-1h</c>.</summary>
    public static DateTimeOffset Point(string option, string text, DateTimeOffset now)
    {
        if (text.StartsWith('-'))
        {
            return now - Duration(option, text[1..]);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw CliException.Usage($"{option} is '{text}', which is no time such as 2026-01-31T12:00:00Z or -1h.");
    }
}
