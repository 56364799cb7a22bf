namespace ProtoBridgeMQ.Bridge.Access.Rules;

/// <summary>
/// Compares topic filters (<c>+</c>, <c>#</c>) with names and with each other, level by level, in UTF-8, without
/// allocating. <c>a/#</c> matches <c>a</c>, too.
/// </summary>
public static class TopicPatterns
{
    private const byte Separator = (byte)'/';
    private const byte OneLevel = (byte)'+';
    private const byte AllLevels = (byte)'#';

    /// <summary>Whether a filter matches a topic name.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="name">The name.</param>
    /// <param name="reserved">Whether wildcards of the first level match names that begin with <c>$</c>; MQTT says no.</param>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> name, bool reserved = false)
        => Covers(filter, name, reserved);

    /// <summary>Whether everything that <paramref name="narrow"/> matches is matched by <paramref name="wide"/>; a name is a filter of one name.</summary>
    /// <param name="wide">The filter that may be wider.</param>
    /// <param name="narrow">The filter or name that may be within.</param>
    /// <param name="reserved">Whether wildcards of the first level of <paramref name="wide"/> match what begins with <c>$</c>.</param>
    public static bool Covers(ReadOnlySpan<byte> wide, ReadOnlySpan<byte> narrow, bool reserved = false)
    {
        if (!reserved && IsWildcard(wide) && narrow is [(byte)'$', ..])
        {
            return false;
        }

        var w = new Levels(wide);
        var n = new Levels(narrow);
        while (true)
        {
            bool more = w.MoveNext();
            bool any = n.MoveNext();
            if (!more)
            {
                return !any;
            }

            if (w.Current is [AllLevels])
            {
                return true;
            }

            if (!any || n.Current is [AllLevels])
            {
                // a/# also stands for a, which nothing but a/# and a wider one covers.
                return false;
            }

            if (w.Current is not [OneLevel] && !w.Current.SequenceEqual(n.Current))
            {
                return false;
            }
        }
    }

    /// <summary>Whether some topic name is matched by both.</summary>
    /// <param name="one">A filter.</param>
    /// <param name="other">Another.</param>
    public static bool Overlap(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var a = new Levels(one);
        var b = new Levels(other);
        while (true)
        {
            bool moreA = a.MoveNext();
            bool moreB = b.MoveNext();
            if ((moreA && a.Current is [AllLevels]) || (moreB && b.Current is [AllLevels]))
            {
                return true;
            }

            if (!moreA || !moreB)
            {
                return moreA == moreB;
            }

            if (a.Current is not [OneLevel] && b.Current is not [OneLevel] && !a.Current.SequenceEqual(b.Current))
            {
                return false;
            }
        }
    }

    /// <summary>Whether it is a filter that MQTT allows: a wildcard fills its level, <c>#</c> only at the end.</summary>
    public static bool IsFilter(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty || filter.Contains((byte)0))
        {
            return false;
        }

        var levels = new Levels(filter);
        bool ended = false;
        while (levels.MoveNext())
        {
            if (ended || (levels.Current.Length > 1 && levels.Current.ContainsAny(OneLevel, AllLevels)))
            {
                return false;
            }

            ended = levels.Current is [AllLevels];
        }

        return true;
    }

    private static bool IsWildcard(ReadOnlySpan<byte> filter) => filter is [OneLevel or AllLevels, ..];

    private ref struct Levels(ReadOnlySpan<byte> topic)
    {
        private ReadOnlySpan<byte> _rest = topic;
        private bool _ended;

        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (_ended)
            {
                Current = default;
                return false;
            }

            int end = _rest.IndexOf(Separator);
            _ended = end < 0;
            Current = _ended ? _rest : _rest[..end];
            _rest = _ended ? default : _rest[(end + 1)..];
            return true;
        }
    }
}
