namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>When queues of filters were last made or found for use, so that nobody deletes what another gateway just took.</summary>
/// <remarks>Thread safe. Uses older than an hour are forgotten; before the broker started, all count as used when it started.</remarks>
internal sealed class FilterUsage(TimeProvider time)
{
    private const int Lanes = 64;
    private const int CheckEvery = 4096;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Lock[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new Lock())];
    private readonly Dictionary<byte[], long> _used = new(Utf8Comparer.Instance);
    private readonly HashSet<byte[]> _shared = new(Utf8Comparer.Instance);
    private readonly long _started = time.GetTimestamp();
    private int _untilCheck = CheckEvery;

    /// <summary>Held by whoever makes or deletes the queue of a filter.</summary>
    public Lock LaneOf(ReadOnlySpan<byte> filter)
    {
        var hash = default(HashCode);
        hash.AddBytes(filter);
        return _lanes[(uint)hash.ToHashCode() % Lanes];
    }

    public void Used(ReadOnlySpan<byte> filter)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            _used.GetAlternateLookup<ReadOnlySpan<byte>>()[filter] = now;
            if (--_untilCheck == 0)
            {
                _untilCheck = CheckEvery;
                foreach (byte[] old in _used.Where(use => time.GetElapsedTime(use.Value, now) > Kept).Select(use => use.Key).ToArray())
                {
                    _used.Remove(old);
                }
            }
        }
    }

    public bool IsUsedWithin(ReadOnlySpan<byte> filter, TimeSpan span)
    {
        lock (_gate)
        {
            long last = _used.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(filter, out long used) ? used : _started;
            return time.GetElapsedTime(last) < span;
        }
    }

    public void Forget(ReadOnlySpan<byte> filter)
    {
        lock (_gate)
        {
            _used.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter);
            _shared.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter);
        }
    }

    public void Share(ReadOnlySpan<byte> filter)
    {
        lock (_gate)
        {
            _shared.GetAlternateLookup<ReadOnlySpan<byte>>().Add(filter);
        }
    }

    public bool IsShared(ReadOnlySpan<byte> filter)
    {
        lock (_gate)
        {
            return _shared.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(filter);
        }
    }
}
