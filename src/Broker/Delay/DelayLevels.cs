using System.Globalization;

namespace ProtoBridgeMQ.Broker.Delay;

/// <summary>The delays that messages can ask for, by level from 1.</summary>
public sealed class DelayLevels
{
    private readonly TimeSpan[] _delays;

    private DelayLevels(TimeSpan[] delays) => _delays = delays;

    /// <summary>The largest level.</summary>
    public int Count => _delays.Length;

    /// <summary>All delays, level 1 first.</summary>
    public IReadOnlyList<TimeSpan> All => _delays;

    /// <summary>The delay of a level; levels beyond the largest are the largest.</summary>
    public TimeSpan this[int level] => _delays[Math.Clamp(level, 1, _delays.Length) - 1];

    /// <summary>Reads a text such as <c>1s 5s 1m 2h</c>.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static DelayLevels Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is 0 or > 64)
        {
            throw new FormatException("Between 1 and 64 delay levels are needed.");
        }

        return new DelayLevels([.. parts.Select(One)]);
    }

    /// <summary>The smallest level whose delay is at least this; 0 when none is asked for, the largest when it is longer than all.</summary>
    public int AtLeast(TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            return 0;
        }

        int index = Array.FindIndex(_delays, level => level >= delay);
        return index < 0 ? _delays.Length : index + 1;
    }

    private static TimeSpan One(string part)
    {
        if (part.Length < 2 || !int.TryParse(part[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            throw new FormatException($"'{part}' is no delay: a number and one of s, m, h, d is.");
        }

        return part[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => throw new FormatException($"'{part}' is no delay: a number and one of s, m, h, d is."),
        };
    }
}
