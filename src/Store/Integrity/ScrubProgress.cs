using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>How far the scrub is.</summary>
/// <param name="Position">Physical offset that it reads next.</param>
/// <param name="End">Where this pass ends; 0 between passes.</param>
/// <param name="StartedAt">When the last pass began; the beginning of time before the first.</param>
public sealed record ScrubProgress(long Position, long End, DateTimeOffset StartedAt)
{
    /// <summary>Before the first pass.</summary>
    internal static ScrubProgress None { get; } = new(0, 0, DateTimeOffset.UnixEpoch);

    /// <summary>Whether a pass is under way.</summary>
    public bool IsRunning => End > 0;

    /// <summary>Reads <c>position end started</c>, the last in Unix milliseconds.</summary>
    internal static ScrubProgress Parse(byte[] text)
    {
        var parts = Encoding.ASCII.GetString(text).Split(' ');
        return parts.Length == 3
            ? new ScrubProgress(Number(parts[0]), Number(parts[1]), DateTimeOffset.FromUnixTimeMilliseconds(Number(parts[2])))
            : throw new FormatException("no progress of a scrub");
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    internal string Format() => string.Create(CultureInfo.InvariantCulture, $"{Position} {End} {StartedAt.ToUnixTimeMilliseconds()}");

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
