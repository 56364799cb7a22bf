namespace ProtoBridgeMQ.Client;

/// <summary>Where a <see cref="Reader"/> begins in the queues of a topic.</summary>
/// <remarks>Immutable.</remarks>
public sealed class ReadFrom
{
    private ReadFrom(ConsumeFrom from, DateTimeOffset time, IReadOnlyDictionary<MessageQueue, long>? offsets)
    {
        From = from;
        When = time;
        Given = offsets;
    }

    /// <summary>At the oldest message that is kept.</summary>
    public static ReadFrom Beginning { get; } = new(ConsumeFrom.First, default, null);

    /// <summary>At messages that come later.</summary>
    public static ReadFrom End { get; } = new(ConsumeFrom.Last, default, null);

    internal ConsumeFrom From { get; }

    internal DateTimeOffset When { get; }

    internal IReadOnlyDictionary<MessageQueue, long>? Given { get; }

    /// <summary>At the first message of each queue that was stored at or after a time.</summary>
    public static ReadFrom Time(DateTimeOffset time) => new(ConsumeFrom.Timestamp, time, null);

    /// <summary>At the given offset of each queue; queues that are not given begin at their oldest message.</summary>
    public static ReadFrom Offsets(IReadOnlyDictionary<MessageQueue, long> offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        return new ReadFrom(ConsumeFrom.First, default, offsets);
    }
}
