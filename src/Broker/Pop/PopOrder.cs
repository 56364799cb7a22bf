using System.Globalization;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// What was popped in order from a queue: nothing more comes before all of it is acknowledged, or visible again. Offsets are kept
/// as RocketMQ's file has them.
/// </summary>
/// <remarks>Under the lock of its queue.</remarks>
internal sealed class PopOrder
{
    /// <summary>When it was popped.</summary>
    public long PopTime { get; init; }

    /// <summary>Milliseconds; 0 for the asker's.</summary>
    public long InvisibleTime { get; set; }

    /// <summary>The offsets of the messages.</summary>
    public required long[] Offsets { get; init; }

    /// <summary>When single messages are visible again, where that was changed.</summary>
    public Dictionary<long, long> VisibleAt { get; init; } = [];

    /// <summary>How often messages were given before.</summary>
    public Dictionary<long, int> Given { get; init; } = [];

    /// <summary>When it was popped by the clock.</summary>
    public long LastPop { get; init; }

    /// <summary>A bit for each acknowledged message.</summary>
    public long Settled { get; set; }

    /// <summary>The attempt of the pop.</summary>
    public string? AttemptId { get; init; }

    /// <summary>A pop of messages, of which some may have been given before.</summary>
    public static PopOrder Of(PopOrder? before, string? attemptId, long popTime, long invisibleTime, long[] offsets, long now)
    {
        var order = new PopOrder { PopTime = popTime, InvisibleTime = invisibleTime, Offsets = offsets, LastPop = now, AttemptId = attemptId };
        if (before is null)
        {
            return order;
        }

        bool isRepeated = before.AttemptId is not null && before.AttemptId == attemptId;
        foreach (long offset in offsets)
        {
            int given = before.Given.GetValueOrDefault(offset);
            bool wasThere = Array.IndexOf(before.Offsets, offset) >= 0;
            if (isRepeated ? given > 0 : wasThere)
            {
                order.Given[offset] = isRepeated ? given : given + 1;
            }
        }

        return order;
    }

    /// <summary>Whether the queue gives nothing now.</summary>
    public bool Blocks(string? attemptId, long invisibleTime, long now)
    {
        if (AttemptId is not null && AttemptId == attemptId)
        {
            return false;
        }

        if (InvisibleTime <= 0)
        {
            InvisibleTime = invisibleTime;
        }

        return FreeAt(now) > now;
    }

    /// <summary>When the queue gives something again: the first time at which any open message is invisible no more than now.</summary>
    public long FreeAt(long now)
    {
        long free = now;
        for (int i = 0; i < Offsets.Length; i++)
        {
            if ((Settled & (1L << i)) == 0)
            {
                free = Math.Max(free, VisibleAt.GetValueOrDefault(Offsets[i], PopTime + InvisibleTime));
            }
        }

        return free;
    }

    /// <summary>Settles a message; the offset that the group goes on at. -1 when it is not in here, -2 when it was of another pop.</summary>
    public long Settle(long offset, long popTime)
    {
        if (popTime != PopTime)
        {
            return -2;
        }

        int index = Array.IndexOf(Offsets, offset);
        if (index < 0)
        {
            return -1;
        }

        Settled |= 1L << index;
        for (int i = 0; i < Offsets.Length; i++)
        {
            if ((Settled & (1L << i)) == 0)
            {
                return Offsets[i];
            }
        }

        return Offsets[^1] + 1;
    }

    /// <summary>The text of the answer: for each message that was given before how often, and at last the least of the queue.</summary>
    public void Write(InfoText info, char mark, int queueId)
    {
        int least = Given.Count == Offsets.Length ? int.MaxValue : 0;
        foreach ((long offset, int given) in Given)
        {
            info.Begin(mark);
            info.Add(string.Create(CultureInfo.InvariantCulture, $"qo{queueId}%{offset}"));
            info.AddNumber(given);
            least = Math.Min(least, given);
        }

        info.Begin(mark);
        info.AddNumber(queueId);
        info.AddNumber(least);
    }
}
