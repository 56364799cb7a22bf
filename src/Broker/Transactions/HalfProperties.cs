using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>The properties of half messages, and the texts that they have in each of their states.</summary>
internal static class HalfProperties
{
    /// <summary>The producer's group.</summary>
    public static ReadOnlySpan<byte> ProducerGroup => "PGROUP"u8;

    /// <summary>Whether the message is the half of a transaction.</summary>
    public static ReadOnlySpan<byte> Prepared => "TRAN_MSG"u8;

    private static ReadOnlySpan<byte> TransactionId => "__transactionId__"u8;

    private static ReadOnlySpan<byte> CheckTimesName => "TRANSACTION_CHECK_TIMES"u8;

    private static ReadOnlySpan<byte> Immunity => "CHECK_IMMUNITY_TIME_IN_SECONDS"u8;

    private static ReadOnlySpan<byte> FirstPlace => "TRAN_PREPARED_QUEUE_OFFSET"u8;

    /// <summary>Whether a value of <see cref="Prepared"/> means yes.</summary>
    public static bool IsTrue(ReadOnlySpan<byte> value) =>
        value.Length == 4 && (value[0] | 0x20) == 't' && (value[1] | 0x20) == 'r' && (value[2] | 0x20) == 'u' && (value[3] | 0x20) == 'e';

    /// <summary>When a message was made, as far as that can be: what a client says may be anything.</summary>
    public static long Born(in MessageRecord record) => Math.Max(0, record.BornTimestamp);

    /// <summary>Whether the properties are those of a half message.</summary>
    public static bool IsHalf(ReadOnlySpan<byte> properties) => PropertyText.TryGet(properties, Prepared, out ReadOnlySpan<byte> value) && IsTrue(value);

    /// <summary>The text of a half message that comes in: where it is meant to go is kept in it. False when there is no room.</summary>
    public static bool TryPrepare(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> topic, int queueId)
    {
        PropertyText.TryGet(properties, SystemProperties.UniqueKey, out ReadOnlySpan<byte> uniqueKey);
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            bool isReplaced = reader.Name.SequenceEqual(SystemProperties.RealTopic)
                || reader.Name.SequenceEqual(SystemProperties.RealQueueId)
                || (!uniqueKey.IsEmpty && reader.Name.SequenceEqual(TransactionId));
            if (!isReplaced && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        return (uniqueKey.IsEmpty || writer.TryAdd(TransactionId, uniqueKey))
            && writer.TryAdd(SystemProperties.RealTopic, topic)
            && TryAdd(ref writer, SystemProperties.RealQueueId, queueId);
    }

    /// <summary>The text of a half message that is put again: because its producer is asked, or because it lay long.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="properties">What it has.</param>
    /// <param name="checkTimes">How often was asked; null: as it says.</param>
    /// <param name="firstPlace">Its place so far, when nothing in the text says an earlier one and nobody was asked; else null.</param>
    public static bool TryRenew(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties, int? checkTimes, long? firstPlace)
    {
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            if (reader.Name.SequenceEqual(FirstPlace))
            {
                firstPlace = null;
            }

            bool isReplaced = checkTimes is not null && reader.Name.SequenceEqual(CheckTimesName);
            if (!isReplaced && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        return (checkTimes is not { } times || TryAdd(ref writer, CheckTimesName, times))
            && (firstPlace is not { } place || TryAdd(ref writer, FirstPlace, place));
    }

    /// <summary>The text of a half message that was put aside and is open again: it was never asked about, and has no earlier place.</summary>
    public static bool TryResume(ref PropertyTextWriter writer, ReadOnlySpan<byte> properties)
    {
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            bool isLeftOut = reader.Name.SequenceEqual(FirstPlace) || reader.Name.SequenceEqual(CheckTimesName);
            if (!isLeftOut && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        return TryAdd(ref writer, CheckTimesName, 0);
    }

    /// <summary>How often its producer was asked.</summary>
    public static int CheckTimes(ReadOnlySpan<byte> properties) =>
        Number(properties, CheckTimesName) is { } times ? (int)Math.Clamp(times, 0, int.MaxValue - 1) : 0;

    /// <summary>The place of the message when it came in, as brokers note it that put it again without asking; -1 without.</summary>
    public static long FirstPlaceOf(ReadOnlySpan<byte> properties) => Number(properties, FirstPlace) ?? -1;

    /// <summary>How long nobody is asked about it by its own wish, in milliseconds; null when it has none, or one that is no number.</summary>
    public static long? ImmunityOf(ReadOnlySpan<byte> properties) =>
        Number(properties, Immunity) is { } seconds and >= 0 ? Math.Min(seconds, long.MaxValue / 2000) * 1000 : null;

    /// <summary>Whether it has a wish of that kind at all.</summary>
    public static bool HasImmunity(ReadOnlySpan<byte> properties) =>
        PropertyText.TryGet(properties, Immunity, out ReadOnlySpan<byte> value) && !value.IsEmpty;

    /// <summary>Where the message is meant to go; false when it does not say.</summary>
    public static bool TryTarget(ReadOnlySpan<byte> properties, out ReadOnlySpan<byte> topic, out int queueId)
    {
        queueId = 0;
        if (!PropertyText.TryGet(properties, SystemProperties.RealTopic, out topic) || topic.IsEmpty)
        {
            return false;
        }

        long? queue = Number(properties, SystemProperties.RealQueueId);
        queueId = (int)(queue ?? 0);
        return queue is >= 0 and <= int.MaxValue;
    }

    private static long? Number(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> name) =>
        PropertyText.TryGet(properties, name, out ReadOnlySpan<byte> text) && Utf8Parser.TryParse(text, out long number, out int used) && used == text.Length
            ? number
            : null;

    private static bool TryAdd(ref PropertyTextWriter writer, ReadOnlySpan<byte> name, long number)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out int length);
        return writer.TryAdd(name, text[..length]);
    }
}
