using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>Looks for records behind damage. A sound one names its own position and its body has its CRC: chance does not make that.</summary>
internal static class SoundRecords
{
    /// <summary>Position in the segment of the next sound record after <paramref name="at"/>; -1 without.</summary>
    public static int FindAfter(ReadOnlySpan<byte> segment, long baseOffset, int at)
    {
        var from = at + 1;
        while (from + MessageRecord.MinimumSize <= segment.Length)
        {
            // The first three bytes of both magics are the same.
            var found = segment[(from + 4)..].IndexOf([(byte)0xDA, (byte)0xA3, (byte)0x20]);
            if (found < 0)
                return -1;
            from += found;
            if (IsSound(segment[from..], baseOffset + from))
                return from;
            from++;
        }

        return -1;
    }

    /// <summary>Whether the segment that begins at an offset begins with a sound record.</summary>
    public static bool BeginsWithOne(RecoveryState state, long baseOffset) =>
        state.SegmentOf(baseOffset) is { } segment && IsSound(segment.Memory.Span, baseOffset);

    /// <summary>Whether bytes that were found at an offset begin with a sound record.</summary>
    public static bool IsSound(ReadOnlySpan<byte> bytes, long offset) =>
        MessageRecord.TryRead(bytes, out var record) == RecordError.None && record.PhysicalOffset == offset && record.CrcMatches;
}
