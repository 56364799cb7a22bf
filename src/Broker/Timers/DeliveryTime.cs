using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Broker.Timers;

/// <summary>What the properties of a message say of the time when it should come.</summary>
internal readonly struct DeliveryTime
{
    private readonly Kinds _kinds;
    private readonly long _seconds;
    private readonly long _milliseconds;
    private readonly long _at;

    private DeliveryTime(Kinds kinds, long seconds, long milliseconds, long at)
    {
        _kinds = kinds;
        _seconds = seconds;
        _milliseconds = milliseconds;
        _at = at;
    }

    [Flags]
    private enum Kinds
    {
        None = 0,
        Seconds = 1,
        Milliseconds = 2,
        At = 4,
        Waited = 8,
        Recalls = 16,
        NoNumber = 32,
    }

    /// <summary>Whether the message asks for a time, and has not waited for it yet.</summary>
    public bool IsSet => (_kinds & (Kinds.Seconds | Kinds.Milliseconds | Kinds.At)) != 0 && (_kinds & Kinds.Waited) == 0;

    /// <summary>Whether it recalls another message.</summary>
    public bool Recalls => (_kinds & Kinds.Recalls) != 0;

    /// <summary>Whether a property asks for a time.</summary>
    public static bool IsAsked(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(TimerTopic.DeliverMs) || name.SequenceEqual(TimerTopic.DelaySec) || name.SequenceEqual(TimerTopic.DelayMs);

    /// <summary>Takes one more property into account.</summary>
    public DeliveryTime With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual(TimerTopic.OutMs))
        {
            return new DeliveryTime(_kinds | Kinds.Waited, _seconds, _milliseconds, _at);
        }

        if (name.SequenceEqual(TimerTopic.DeleteUniqueKey))
        {
            return new DeliveryTime(_kinds | Kinds.Recalls, _seconds, _milliseconds, _at);
        }

        if (!IsAsked(name))
        {
            return this;
        }

        Kinds kinds = _kinds;
        if (!Utf8Parser.TryParse(value, out long number, out int used) || used != value.Length)
        {
            kinds |= Kinds.NoNumber;
        }

        if (name.SequenceEqual(TimerTopic.DelaySec))
        {
            return new DeliveryTime(kinds | Kinds.Seconds, number, _milliseconds, _at);
        }

        return name.SequenceEqual(TimerTopic.DelayMs)
            ? new DeliveryTime(kinds | Kinds.Milliseconds, _seconds, number, _at)
            : new DeliveryTime(kinds | Kinds.At, _seconds, _milliseconds, number);
    }

    /// <summary>The time that is meant, Unix milliseconds: seconds go before milliseconds, and these before a moment. False when one is no number.</summary>
    public bool TryResolve(long now, out long deliverAt)
    {
        deliverAt = 0;
        if ((_kinds & Kinds.NoNumber) != 0)
        {
            return false;
        }

        if ((_kinds & Kinds.Seconds) != 0)
        {
            deliverAt = After(now, Math.Clamp(_seconds, long.MinValue / 1000, long.MaxValue / 1000) * 1000);
        }
        else
        {
            deliverAt = (_kinds & Kinds.Milliseconds) != 0 ? After(now, _milliseconds) : _at;
        }

        return true;
    }

    /// <summary>Writes the properties of a message that waits in the timer topic; false when there is no room.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="properties">Those it was sent with.</param>
    /// <param name="deliverAt">A time that these do not say; 0 without.</param>
    /// <param name="outMs">The time of its slot.</param>
    /// <param name="topic">Where it is meant to go.</param>
    /// <param name="queueId">The queue there.</param>
    public static bool Copy(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties, long deliverAt, long outMs, ReadOnlySpan<byte> topic, int queueId)
    {
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            bool isLeftOut = reader.Name.SequenceEqual(SystemProperties.RealTopic)
                || reader.Name.SequenceEqual(SystemProperties.RealQueueId)
                || (deliverAt > 0 && IsAsked(reader.Name));
            if (!isLeftOut && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        return (deliverAt <= 0 || TryAdd(ref writer, TimerTopic.DeliverMs, deliverAt))
            && TryAdd(ref writer, TimerTopic.OutMs, outMs)
            && writer.TryAdd(SystemProperties.RealTopic, topic)
            && TryAdd(ref writer, SystemProperties.RealQueueId, queueId);
    }

    private static long After(long now, long delay) => delay > long.MaxValue - now ? long.MaxValue : now + delay;

    private static bool TryAdd(ref PropertyTextWriter writer, ReadOnlySpan<byte> name, long number)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out int length);
        return writer.TryAdd(name, text[..length]);
    }
}
