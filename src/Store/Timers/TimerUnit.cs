using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>What a unit of the timer log asks for.</summary>
[Flags]
internal enum TimerMagic
{
    /// <summary>Set in every unit.</summary>
    Timer = 1,

    /// <summary>Put it into the timer topic again at its slot's time: its own time is further away.</summary>
    Roll = 2,

    /// <summary>It recalls another one of the same slot.</summary>
    Delete = 4,
}

/// <summary>
/// A unit of the timer log: one message of the timer topic and the slot it waits in.
/// <code>
///   0  size (52) 4 | position of the unit before in the same slot, -1 without 8 | magic 4
///  16  write time 8 | slot time less write time 4 | physical offset 8 | size of the record 4
///  40  hash of the real topic 4 | settled 8                                       big-endian
/// </code>
/// Apache RocketMQ keeps 0 in the last field and does not read it; 1 says here that recovery found the record in the log
/// with which the timer was delivered or rolled.
/// </summary>
internal readonly record struct TimerUnit(
    long Previous,
    TimerMagic Magic,
    long WriteTime,
    int Delay,
    long PhysicalOffset,
    int RecordSize,
    int TopicHash,
    long Settled = 0)
{
    public const int EncodedSize = 52;

    public const int SettledAt = 44;

    /// <summary>Bytes of the filler at the end of a file: <c>rest of the file 4 | 0 8 | CBD43194 4</c>.</summary>
    public const int BlankSize = 16;

    private const int KnownMagics = 0xF;
    private const uint BlankMagic = 0xCBD43194;

    /// <summary>Time of the slot, Unix milliseconds.</summary>
    public long SlotTime => WriteTime + Delay;

    public bool Rolls => (Magic & TimerMagic.Roll) != 0;

    /// <summary>What it adds to the timers of its slot, as Apache RocketMQ counts: a recall takes one away.</summary>
    public int Count => (Magic & TimerMagic.Delete) != 0 ? -1 : 1;

    /// <summary>A recall at its last place.</summary>
    public bool Recalls => (Magic & (TimerMagic.Roll | TimerMagic.Delete)) == TimerMagic.Delete;

    /// <summary>Reads a unit; false when there is none: nothing was written here, a filler, or other bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TimerUnit unit)
    {
        unit = default;
        if (source.Length < EncodedSize || BinaryPrimitives.ReadInt32BigEndian(source) != EncodedSize)
            return false;
        var magic = BinaryPrimitives.ReadInt32BigEndian(source[12..]);
        if ((magic | KnownMagics) != KnownMagics)
            return false;
        unit = new TimerUnit(
            BinaryPrimitives.ReadInt64BigEndian(source[4..]),
            (TimerMagic)magic,
            BinaryPrimitives.ReadInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadInt32BigEndian(source[24..]),
            BinaryPrimitives.ReadInt64BigEndian(source[28..]),
            BinaryPrimitives.ReadInt32BigEndian(source[36..]),
            BinaryPrimitives.ReadInt32BigEndian(source[40..]),
            BinaryPrimitives.ReadInt64BigEndian(source[SettledAt..]));
        return unit.PhysicalOffset >= 0 && unit.RecordSize > 0;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, EncodedSize);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], Previous);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], (int)Magic);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], WriteTime);
        BinaryPrimitives.WriteInt32BigEndian(destination[24..], Delay);
        BinaryPrimitives.WriteInt64BigEndian(destination[28..], PhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[36..], RecordSize);
        BinaryPrimitives.WriteInt32BigEndian(destination[40..], TopicHash);
        BinaryPrimitives.WriteInt64BigEndian(destination[SettledAt..], Settled);
    }

    /// <summary>Writes the filler that ends a file with so many bytes left.</summary>
    public static void WriteBlank(Span<byte> destination, int left)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, left);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], BlankMagic);
    }

    /// <summary>Whether a filler is here.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> source) =>
        source.Length >= BlankSize && BinaryPrimitives.ReadUInt32BigEndian(source[12..]) == BlankMagic;
}
