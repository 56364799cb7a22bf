using System.Globalization;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>What the queue entry of a record carries beside its place: the hash of its tag; in the schedule topic the time when it is due.</summary>
internal sealed class EntryTags
{
    private readonly long[] _delays;

    /// <param name="delays">Delay levels, the first is level 1.</param>
    public EntryTags(IReadOnlyList<TimeSpan> delays) => _delays = [.. delays.Select(delay => (long)delay.TotalMilliseconds)];

    private static ReadOnlySpan<byte> ScheduleTopic => "SCHEDULE_TOPIC_XXXX"u8;

    public long Of(in MessageRecord record)
    {
        if (record.Topic.SequenceEqual(ScheduleTopic)
            && PropertyText.TryGet(record.Properties, SystemProperties.Delay, out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level)
            && level > 0 && _delays.Length > 0)
        {
            return record.StoreTimestamp + _delays[Math.Min(level, _delays.Length) - 1];
        }

        return TagHash.Of(record.Tags);
    }
}
