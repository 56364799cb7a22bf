using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Where the scan begins when only the times of an Apache checkpoint are known: the last segment whose first record was
/// stored three seconds or more before the older of the two times, which is Apache's own rule.
/// </summary>
internal static class StartPoint
{
    /// <summary>Milliseconds that Apache RocketMQ goes back behind the times of its checkpoint.</summary>
    public const long Margin = 3000;

    public static long ByTime(RecoveryState state)
    {
        var flushed = Math.Min(state.Checkpoint.PhysicTimestamp, state.Checkpoint.LogicsTimestamp) - Margin;
        for (var i = state.Segments.Count - 1; i >= 0; i--)
        {
            if (i == state.Segments.Count - 1 && state.TailLength < state.SegmentSize)
                continue;
            var segment = state.Segments[i];
            if (MessageRecord.TryRead(segment.Memory.Span, out var record) == RecordError.None
                && record.PhysicalOffset == segment.BaseOffset
                && record.StoreTimestamp > 0
                && record.StoreTimestamp <= flushed)
            {
                return segment.BaseOffset;
            }
        }

        return state.LogStart;
    }
}
