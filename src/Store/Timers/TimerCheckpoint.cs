using System.Buffers.Binary;
using System.Numerics;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>Who wrote the page.</summary>
internal enum TimerCheckpointOrigin
{
    /// <summary>Nobody: there is none.</summary>
    None,

    /// <summary>This store, last.</summary>
    Own,

    /// <summary>Apache RocketMQ, last: only its own fields hold.</summary>
    Apache,

    /// <summary>This store, but the page is damaged: nothing of it holds.</summary>
    Damaged,
}

/// <summary>
/// The page <c>config/timercheck</c>.
/// <code>
///   0  read time 8 | timer log flushed 8 | queue offset 8 | master's queue offset 8
///  32  version: state 8 | timestamp 8 | counter 8                                       (up to here as Apache RocketMQ)
///  64  "PBMQTIMR" 8 | position in the slot 8 | high slot 8 | high position 8
///  96  tell from 8 | first pending 8 | precision 8 | last physical offset 8
/// 128  Apache's queue offset 8 | Apache's read time 8 | bytes of a timer log file 8
/// 152  earlier precision 8 | queue offset it holds before 8 | copy of bytes 0..32 | CRC-32 of 64..200 4
/// </code>
/// Our part only counts while its copy agrees with Apache's fields, as in the checkpoint of the store; a bit or two that
/// differ are damage of the fields, and the copy counts.
/// </summary>
internal readonly record struct TimerCheckpoint
{
    public const int Size = 4096;

    /// <summary>Bytes that Apache RocketMQ writes and sends.</summary>
    public const int ApacheSize = 56;

    private const int OwnAt = 64;
    private const int CopyAt = 168;
    private const int CrcAt = 200;

    /// <summary>
    /// Bits of Apache's fields that a disk may have changed. Apache RocketMQ changes more: its read time goes on by whole
    /// seconds, and there is no multiple of 1000 that changes one bit or two.
    /// </summary>
    private const int MostChangedBits = 2;

    public TimerCheckpointOrigin Origin { get; init; }

    /// <summary>Which timers are done; its slot is Apache's read time.</summary>
    public TimerProgress Progress { get; init; }

    /// <summary>The timer log is on the disk up to here.</summary>
    public long LogFlushed { get; init; }

    /// <summary>Offset in the queue of the timer topic after the last message that has a unit.</summary>
    public long QueueOffset { get; init; }

    public long Timestamp { get; init; }

    public long Counter { get; init; }

    /// <summary>Records from this physical offset on may settle timers that <see cref="Progress"/> leaves open.</summary>
    public long TellFrom { get; init; }

    /// <summary>Units of the timer log before this position are done.</summary>
    public long FirstPending { get; init; }

    public long Precision { get; init; }

    /// <summary>Physical offset of the last message that has a unit; -1 without.</summary>
    public long LastPhysical { get; init; }

    /// <summary>Messages before this offset of the queue whose slot is before <see cref="ApacheReadTime"/> were delivered by Apache RocketMQ, which leaves no sign of it in the log.</summary>
    public long ApacheQueueOffset { get; init; }

    public long ApacheReadTime { get; init; }

    /// <summary>Messages before this offset of the queue were taken with <see cref="EarlierPrecision"/>.</summary>
    public long EarlierBefore { get; init; }

    /// <summary>The largest precision that there was before the one of now; 0 without.</summary>
    public long EarlierPrecision { get; init; }

    /// <summary>Bytes of a file of the timer log; 0 when not known.</summary>
    public long FileSize { get; init; }

    private static ReadOnlySpan<byte> OwnMagic => "PBMQTIMR"u8;

    public static TimerCheckpoint Read(ReadOnlySpan<byte> page)
    {
        if (page.Length < 32 || (!page[..32].ContainsAnyExcept((byte)0) && !IsOwnEmpty(page)))
            return page.Length >= OwnAt + 8 && page[OwnAt..].StartsWith(OwnMagic) ? new TimerCheckpoint { Origin = TimerCheckpointOrigin.Damaged } : default;
        var apache = new TimerCheckpoint
        {
            Origin = TimerCheckpointOrigin.Apache,
            Progress = new TimerProgress(Long(page, 0)),
            LogFlushed = Long(page, 8),
            QueueOffset = Math.Min(Long(page, 16), Long(page, 24)),
            Timestamp = page.Length >= 56 ? Long(page, 40) : 0,
            Counter = page.Length >= 56 ? Long(page, 48) : 0,
            LastPhysical = -1,
        };
        if (page.Length < CrcAt + 4 || !page[OwnAt..(CrcAt + 4)].ContainsAnyExcept((byte)0))
            return apache;
        if (!IsOwn(page))
            return new TimerCheckpoint { Origin = TimerCheckpointOrigin.Damaged };
        if (ChangedBits(page[..32], page.Slice(CopyAt, 32)) > MostChangedBits)
            return apache;
        return apache with
        {
            Origin = TimerCheckpointOrigin.Own,
            LogFlushed = Long(page, CopyAt + 8),
            QueueOffset = Math.Min(Long(page, CopyAt + 16), Long(page, CopyAt + 24)),
            Progress = new TimerProgress(Long(page, CopyAt), Long(page, OwnAt + 8), Long(page, OwnAt + 16), Long(page, OwnAt + 24)),
            TellFrom = Long(page, 96),
            FirstPending = Long(page, 104),
            Precision = Long(page, 112),
            LastPhysical = Long(page, 120),
            ApacheQueueOffset = Long(page, 128),
            ApacheReadTime = Long(page, 136),
            FileSize = Long(page, 144),
            EarlierPrecision = Long(page, 152),
            EarlierBefore = Long(page, 160),
        };
    }

    public void Write(Span<byte> page)
    {
        page.Clear();
        Put(page, 0, Progress.Slot);
        Put(page, 8, LogFlushed);
        Put(page, 16, QueueOffset);
        Put(page, 24, QueueOffset);
        Put(page, 40, Timestamp);
        Put(page, 48, Counter);
        OwnMagic.CopyTo(page[OwnAt..]);
        Put(page, OwnAt + 8, Progress.Position);
        Put(page, OwnAt + 16, Progress.HighSlot);
        Put(page, OwnAt + 24, Progress.HighPosition);
        Put(page, 96, TellFrom);
        Put(page, 104, FirstPending);
        Put(page, 112, Precision);
        Put(page, 120, LastPhysical);
        Put(page, 128, ApacheQueueOffset);
        Put(page, 136, ApacheReadTime);
        Put(page, 144, FileSize);
        Put(page, 152, EarlierPrecision);
        Put(page, 160, EarlierBefore);
        page[..32].CopyTo(page[CopyAt..]);
        BinaryPrimitives.WriteUInt32BigEndian(page[CrcAt..], BodyCrc32.Ieee(page[OwnAt..CrcAt]));
    }

    private static bool IsOwn(ReadOnlySpan<byte> page) =>
        page.Length >= CrcAt + 4 && page[OwnAt..].StartsWith(OwnMagic) && BinaryPrimitives.ReadUInt32BigEndian(page[CrcAt..]) == BodyCrc32.Ieee(page[OwnAt..CrcAt]);

    /// <summary>Nothing but damage was in the timer topic so far: all of Apache's part is zeros, and so is its copy.</summary>
    private static bool IsOwnEmpty(ReadOnlySpan<byte> page) => IsOwn(page) && !page.Slice(CopyAt, 32).ContainsAnyExcept((byte)0);

    private static int ChangedBits(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> copy)
    {
        var changed = 0;
        for (var at = 0; at < fields.Length; at++)
            changed += BitOperations.PopCount((uint)(fields[at] ^ copy[at]));
        return changed;
    }

    private static long Long(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadInt64BigEndian(page[at..]);

    private static void Put(Span<byte> page, int at, long value) => BinaryPrimitives.WriteInt64BigEndian(page[at..], value);
}
