using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// A slot of the file <c>timerwheel</c>: the timers of one unit of time, as a chain through the timer log.
/// <code>
///  | time, in units of the precision 8 | first position 8 | last position 8 | timers 4 | 0 4 |     big-endian, 32 bytes
/// </code>
/// </summary>
/// <param name="Time">Number of the slot's time: milliseconds divided by the precision.</param>
/// <param name="First">Position of its oldest unit in the timer log.</param>
/// <param name="Last">Position of its newest unit; the others follow by <see cref="TimerUnit.Previous"/>.</param>
/// <param name="Count">Timers less recalls.</param>
/// <param name="Magic">Nothing yet.</param>
internal readonly record struct TimerSlot(long Time, long First, long Last, int Count, int Magic = 0)
{
    public const int EncodedSize = 32;

    public static TimerSlot Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64BigEndian(source),
        BinaryPrimitives.ReadInt64BigEndian(source[8..]),
        BinaryPrimitives.ReadInt64BigEndian(source[16..]),
        BinaryPrimitives.ReadInt32BigEndian(source[24..]),
        BinaryPrimitives.ReadInt32BigEndian(source[28..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Time);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], First);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], Last);
        BinaryPrimitives.WriteInt32BigEndian(destination[24..], Count);
        BinaryPrimitives.WriteInt32BigEndian(destination[28..], Magic);
    }
}
