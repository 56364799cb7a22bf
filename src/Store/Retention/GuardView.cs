using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>A guard as it was when it was asked.</summary>
internal readonly record struct GuardNeed(IRetentionGuard Guard, string Name, long LowestNeeded);

/// <summary>What the guards need now.</summary>
internal sealed partial class GuardView
{
    private readonly List<GuardNeed> _needs = [];

    /// <summary>Asks every guard; one that throws is taken to need everything.</summary>
    public GuardView(IEnumerable<IRetentionGuard> guards, long min, ILogger logger)
    {
        try
        {
            foreach (var guard in guards)
                _needs.Add(new GuardNeed(guard, guard.Name, guard.LowestNeeded));
        }
        catch (Exception error)
        {
            LogThrew(logger, error);
            _needs.Add(new GuardNeed(null!, "a guard that failed", min));
        }

        _needs.Sort(static (left, right) => left.LowestNeeded.CompareTo(right.LowestNeeded));
    }

    /// <summary>The guard that needs most, and the first record that it needs.</summary>
    public GuardNeed? Lowest => _needs.Count > 0 ? _needs[0] : null;

    /// <summary>Those that need something before an offset, the neediest first.</summary>
    public IEnumerable<GuardNeed> Before(long offset) => _needs.TakeWhile(need => need.LowestNeeded < offset);

    /// <summary>The first record that is needed of a topic's queues.</summary>
    public long LowestOf(string topic)
    {
        foreach (var need in _needs)
        {
            if (need.Guard is null || need.Guard.Reads(topic))
                return need.LowestNeeded;
        }

        return long.MaxValue;
    }

    [LoggerMessage(EventId = 2019, Level = LogLevel.Error, Message = "A retention guard threw; nothing is deleted meanwhile")]
    private static partial void LogThrew(ILogger logger, Exception error);
}
