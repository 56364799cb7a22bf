namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>How a <see cref="LevelShape"/> ends.</summary>
internal enum ShapeEnd
{
    Here,

    /// <summary>One or more levels follow.</summary>
    OneOrMore,

    /// <summary>Any number of levels follow.</summary>
    Any,
}

/// <summary>A set of topic names by their levels: each is a text, or anything (null). Patterns and filters are such sets.</summary>
/// <param name="Levels">The levels, UTF-8.</param>
/// <param name="End">What follows.</param>
internal sealed record LevelShape(IReadOnlyList<byte[]?> Levels, ShapeEnd End)
{
    /// <summary>The names that an MQTT topic filter matches.</summary>
    public static LevelShape OfFilter(ReadOnlySpan<byte> filter)
    {
        List<byte[]?> levels = [];
        bool more = true;
        while (more)
        {
            ReadOnlySpan<byte> level = TopicFilter.CutLevel(ref filter, out more);
            if (level is [(byte)'#'])
                return new LevelShape(levels, ShapeEnd.Any);
            levels.Add(level is [(byte)'+'] ? null : level.ToArray());
        }

        return new LevelShape(levels, ShapeEnd.Here);
    }

    /// <summary>Whether some name may be in both.</summary>
    public bool Meets(LevelShape other)
    {
        int both = Math.Min(Levels.Count, other.Levels.Count);
        for (int i = 0; i < both; i++)
        {
            if (Levels[i] is { } text && other.Levels[i] is { } otherText && !text.AsSpan().SequenceEqual(otherText))
                return false;
        }

        if (Levels.Count == other.Levels.Count)
            return End == ShapeEnd.Here ? other.End != ShapeEnd.OneOrMore : End == ShapeEnd.Any || other.End != ShapeEnd.Here;
        return (Levels.Count < other.Levels.Count ? End : other.End) != ShapeEnd.Here;
    }

    /// <summary>Whether every name of the other one is in this one.</summary>
    public bool Covers(LevelShape other)
    {
        if (other.Levels.Count < Levels.Count || (other.Levels.Count > Levels.Count && End == ShapeEnd.Here))
            return false;
        for (int i = 0; i < Levels.Count; i++)
        {
            if (Levels[i] is { } text && (other.Levels[i] is not { } otherText || !text.AsSpan().SequenceEqual(otherText)))
                return false;
            if (Levels[i] is null && other.Levels[i] is { Length: 0 })
                return false;
        }

        return other.Levels.Count > Levels.Count || End == ShapeEnd.Any || End == other.End;
    }
}
