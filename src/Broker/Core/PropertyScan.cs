using System.Buffers.Text;
using ProtoBridgeMQ.Broker.Timers;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What the properties of a message ask of the broker, found in one walk.</summary>
internal readonly struct PropertyScan
{
    /// <summary>Why a message that is a batch in itself is refused.</summary>
    public const string InnerBatch = "the message is an inner batch: queues of the type BatchCQ are not supported by this broker";

    private PropertyScan(SendStatus status, string refusal)
    {
        RefusalStatus = status;
        Refusal = refusal;
    }

    private PropertyScan(int delayLevel, in DeliveryTime time, bool isHalf)
    {
        DelayLevel = delayLevel;
        IsHalf = isHalf;
        Time = time;
        RefusalStatus = SendStatus.Ok;
    }

    /// <summary>Value of DELAY; 0 without.</summary>
    public int DelayLevel { get; }

    /// <summary>The time that the message should come at.</summary>
    public DeliveryTime Time { get; }

    /// <summary>Whether it says that it is the half message of a transaction.</summary>
    public bool IsHalf { get; }

    /// <summary>Whether the message should come later.</summary>
    public bool IsDelayed => DelayLevel > 0 || Time.IsSet;

    /// <summary>Why the message cannot be taken; null when it can.</summary>
    public string? Refusal { get; }

    /// <summary>The kind of the refusal.</summary>
    public SendStatus RefusalStatus { get; }

    /// <summary>Walks a property text.</summary>
    public static PropertyScan Of(ReadOnlySpan<byte> properties)
    {
        int delayLevel = 0;
        bool isHalf = false;
        DeliveryTime time = default;
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            ReadOnlySpan<byte> name = reader.Name;
            if (name.IsEmpty || name[0] is not ((byte)'D' or (byte)'I' or (byte)'T'))
            {
                continue;
            }

            if (name.SequenceEqual("DELAY"u8))
            {
                if (!Utf8Parser.TryParse(reader.Value, out delayLevel, out int used) || used != reader.Value.Length)
                {
                    return new PropertyScan(SendStatus.PropertiesInvalid, "the property DELAY is not a number");
                }
            }
            else if (name.SequenceEqual("INNER_NUM"u8))
            {
                return new PropertyScan(SendStatus.BodyInvalid, InnerBatch);
            }
            else if (name.SequenceEqual(HalfProperties.Prepared))
            {
                isHalf = HalfProperties.IsTrue(reader.Value);
            }
            else if (name.StartsWith("TIMER_"u8))
            {
                time = time.With(name, reader.Value);
            }
        }

        return new PropertyScan(delayLevel, time, isHalf);
    }

    /// <summary>
    /// Writes the properties of a message that waits in the schedule topic: the same ones, the level, and where it is
    /// meant to go. False when there is no room.
    /// </summary>
    public static bool CopyForDelay(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties, int level, ReadOnlySpan<byte> topic, int queueId)
    {
        return CopyWithoutDelay(ref writer, properties)
            && TryAdd(ref writer, SystemProperties.Delay, level)
            && writer.TryAdd(SystemProperties.RealTopic, topic)
            && TryAdd(ref writer, SystemProperties.RealQueueId, queueId);
    }

    /// <summary>Writes the properties without those of a delay; false when there is no room.</summary>
    public static bool CopyWithoutDelay(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties)
    {
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            bool ofDelay = DeliveryTime.IsAsked(reader.Name)
                || reader.Name.SequenceEqual(SystemProperties.Delay)
                || reader.Name.SequenceEqual(SystemProperties.RealTopic)
                || reader.Name.SequenceEqual(SystemProperties.RealQueueId);
            if (!ofDelay && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryAdd(ref PropertyTextWriter writer, ReadOnlySpan<byte> name, int number)
    {
        byte[] text = new byte[11];
        Utf8Formatter.TryFormat(number, text, out int length);
        return writer.TryAdd(name, text.AsSpan(0, length));
    }
}
