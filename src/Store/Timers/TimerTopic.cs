using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>The topic in which timers wait, and the properties that its messages have.</summary>
public static class TimerTopic
{
    /// <summary>Bytes of properties that delivering or rolling may add to those of a message that waits.</summary>
    public const int Headroom = 160;

    /// <summary>The topic; its one queue is 0.</summary>
    public static ReadOnlySpan<byte> Name => "rmq_sys_wheel_timer"u8;

    /// <summary>When to deliver, Unix milliseconds.</summary>
    public static ReadOnlySpan<byte> DeliverMs => "TIMER_DELIVER_MS"u8;

    /// <summary>In how many seconds to deliver.</summary>
    public static ReadOnlySpan<byte> DelaySec => "TIMER_DELAY_SEC"u8;

    /// <summary>In how many milliseconds to deliver.</summary>
    public static ReadOnlySpan<byte> DelayMs => "TIMER_DELAY_MS"u8;

    /// <summary>The time of the slot that the message waits for.</summary>
    public static ReadOnlySpan<byte> OutMs => "TIMER_OUT_MS"u8;

    /// <summary>When it was put into its slot.</summary>
    public static ReadOnlySpan<byte> EnqueueMs => "TIMER_ENQUEUE_MS"u8;

    /// <summary>When it was delivered or rolled.</summary>
    public static ReadOnlySpan<byte> DequeueMs => "TIMER_DEQUEUE_MS"u8;

    /// <summary>How often it was rolled.</summary>
    public static ReadOnlySpan<byte> RollTimes => "TIMER_ROLL_TIMES"u8;

    /// <summary>In a recall: real topic, <c>+</c>, unique key of the message that is not to be delivered.</summary>
    public static ReadOnlySpan<byte> DeleteUniqueKey => "TIMER_DEL_UNIQKEY"u8;

    /// <summary>Reads a property that is a number; false without, or when it is none.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> name, out long number)
    {
        number = 0;
        return PropertyText.TryGet(properties, name, out var text) && Utf8Parser.TryParse(text, out number, out var used) && used == text.Length;
    }

    /// <summary>
    /// Writes the properties of the record that a waiting message becomes: without the real topic and queue when it is
    /// delivered, with one roll more when it is rolled. False when there is no room.
    /// </summary>
    internal static bool Copy(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties, bool rolls, long enqueued, long now)
    {
        var reader = PropertyText.Read(properties);
        var times = 0L;
        while (reader.MoveNext())
        {
            if (reader.Name.SequenceEqual(RollTimes) && rolls)
            {
                times = Utf8Parser.TryParse(reader.Value, out long before, out _) ? before : 0;
                continue;
            }

            var isLeftOut = reader.Name.SequenceEqual(EnqueueMs)
                || reader.Name.SequenceEqual(DequeueMs)
                || (!rolls && (reader.Name.SequenceEqual(SystemProperties.RealTopic) || reader.Name.SequenceEqual(SystemProperties.RealQueueId)));
            if (!isLeftOut && !writer.TryAdd(reader.Name, reader.Value))
                return false;
        }

        return (!rolls || TryAdd(ref writer, RollTimes, times + 1))
            && TryAdd(ref writer, EnqueueMs, enqueued)
            && TryAdd(ref writer, DequeueMs, now);
    }

    private static bool TryAdd(ref PropertyTextWriter writer, ReadOnlySpan<byte> name, long number)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out var length);
        return writer.TryAdd(name, text[..length]);
    }
}
