using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Client.Popping;

/// <summary>Acknowledgements of one broker, gathered by the pop and the queue that the messages came with.</summary>
internal static class AckBatch
{
    /// <summary>Longest distance between a pop's start and a message that fits into the bits of an entry.</summary>
    private const int MaxDistance = 1 << 16;

    public static List<BatchAckEntry> Entries(IEnumerable<PoppedMessage> messages, string group)
    {
        var entries = new List<BatchAckEntry>();
        var pops = messages.GroupBy(popped => (popped.Message.Topic, popped.Receipt.RetryMark, popped.Receipt.QueueId, popped.Receipt.StartOffset, popped.Receipt.PopTime));
        foreach (var pop in pops)
        {
            Receipt first = pop.First().Receipt;
            var entry = new BatchAckEntry
            {
                Group = group,
                Topic = pop.Key.Topic,
                Retry = first.RetryMark,
                StartOffset = first.StartOffset,
                QueueId = first.QueueId,
                ReviveQueueId = first.ReviveQueueId,
                PopTime = first.PopTime,
                InvisibleTime = first.InvisibleTime,
            };
            entry.Bits = Bits([.. pop.Select(popped => popped.Receipt.Offset - first.StartOffset).Where(distance => distance is >= 0 and < MaxDistance)]);
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>A bit for each distance, the lowest bit of the first byte first.</summary>
    private static byte[] Bits(long[] distances)
    {
        byte[] bits = new byte[distances.Length == 0 ? 0 : (distances.Max() / 8) + 1];
        foreach (long distance in distances)
        {
            bits[distance / 8] |= (byte)(1 << (int)(distance % 8));
        }

        return bits;
    }
}
