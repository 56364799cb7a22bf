using System.Globalization;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The delays that the brokers know, by level from 1.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class DelaySteps
{
    private readonly TimeSpan[] _steps;

    private DelaySteps(TimeSpan[] steps) => _steps = steps;

    public IReadOnlyList<TimeSpan> All => _steps;

    /// <summary>Reads RocketMQ's notation: <c>1s 5s 1m 2h</c>.</summary>
    /// <exception cref="BridgeException">It does not parse.</exception>
    public static DelaySteps Parse(string text)
    {
        TimeSpan[] steps = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Step)];
        return steps.Length > 0 && steps.SequenceEqual(steps.Order())
            ? new DelaySteps(steps)
            : throw new BridgeException(BridgeError.InvalidArgument, "Cluster:DelayLevels needs at least one delay, in ascending order.");
    }

    /// <summary>The level whose delay is at least so long: 0 for none, the longest when there is none.</summary>
    public int AtLeast(TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            return 0;
        }

        int index = Array.FindIndex(_steps, step => step >= delay);
        return index < 0 ? _steps.Length : index + 1;
    }

    private static TimeSpan Step(string word)
    {
        int seconds = word[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        return seconds > 0 && int.TryParse(word.AsSpan(0, word.Length - 1), CultureInfo.InvariantCulture, out int count) && count > 0
            ? TimeSpan.FromSeconds((long)count * seconds)
            : throw new BridgeException(BridgeError.InvalidArgument, $"Cluster:DelayLevels has '{word}', which is not a number and one of s, m, h, d.");
    }
}
