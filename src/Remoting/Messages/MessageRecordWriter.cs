using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>The fields of a record that is to be written; spans are borrowed.</summary>
public ref struct MessageRecordFields
{
    /// <summary>CRC of <see cref="Body"/>; see <see cref="BodyCrc32"/>.</summary>
    public int BodyCrc { get; set; }

    /// <summary>Queue in the topic.</summary>
    public int QueueId { get; set; }

    /// <summary>The producer's flag.</summary>
    public int Flag { get; set; }

    /// <summary>Place in the queue.</summary>
    public long QueueOffset { get; set; }

    /// <summary>Position in the commit log.</summary>
    public long PhysicalOffset { get; set; }

    /// <summary>System flag; the host bits are set by the writer.</summary>
    public int SysFlag { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long BornTimestamp { get; set; }

    /// <summary>Where it came from.</summary>
    public HostAddress BornHost { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long StoreTimestamp { get; set; }

    /// <summary>The broker that stores it.</summary>
    public HostAddress StoreHost { get; set; }

    /// <summary>How often consumers sent it back.</summary>
    public int ReconsumeTimes { get; set; }

    /// <summary>Offset of the half message that this one settles.</summary>
    public long PreparedTransactionOffset { get; set; }

    /// <summary>The body.</summary>
    public ReadOnlySpan<byte> Body { get; set; }

    /// <summary>The topic, UTF-8.</summary>
    public ReadOnlySpan<byte> Topic { get; set; }

    /// <summary>The property text, UTF-8.</summary>
    public ReadOnlySpan<byte> Properties { get; set; }

    /// <summary>More property text after <see cref="Properties"/>: what a batch gives all its messages. A separator goes between where one is missing.</summary>
    public ReadOnlySpan<byte> MoreProperties { get; set; }
}

/// <summary>Writes message records; the layout is drawn at <see cref="MessageRecord"/>.</summary>
public static class MessageRecordWriter
{
    /// <summary>Bytes of the property text of <paramref name="fields"/> with the separator between its parts.</summary>
    public static int PropertiesSize(in MessageRecordFields fields) =>
        fields.Properties.Length + fields.MoreProperties.Length + (NeedsSeparator(fields) ? 1 : 0);

    /// <summary>Bytes of the record. The caller has checked that topic and properties fit their length fields.</summary>
    public static long Size(in MessageRecordFields fields) =>
        (long)MessageRecord.BornHostAt + fields.BornHost.Size + 8 + fields.StoreHost.Size + 4 + 8
        + 4 + fields.Body.Length
        + (fields.Topic.Length > MessageRecord.MaxTopicV1 ? 2 : 1) + fields.Topic.Length
        + 2 + PropertiesSize(fields);

    /// <summary>
    /// Writes the record into exactly <paramref name="destination"/> (<see cref="Size"/> bytes).
    /// The size field goes in last, so that a process that dies half way leaves no record.
    /// </summary>
    public static void Write(Span<byte> destination, in MessageRecordFields fields)
    {
        var v2 = fields.Topic.Length > MessageRecord.MaxTopicV1;
        BinaryPrimitives.WriteUInt32BigEndian(destination[MessageRecord.MagicAt..], v2 ? MessageRecord.MagicV2 : MessageRecord.MagicV1);
        BinaryPrimitives.WriteInt32BigEndian(destination[MessageRecord.BodyCrcAt..], fields.BodyCrc);
        BinaryPrimitives.WriteInt32BigEndian(destination[MessageRecord.QueueIdAt..], fields.QueueId);
        BinaryPrimitives.WriteInt32BigEndian(destination[MessageRecord.FlagAt..], fields.Flag);
        BinaryPrimitives.WriteInt64BigEndian(destination[MessageRecord.QueueOffsetAt..], fields.QueueOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[MessageRecord.PhysicalOffsetAt..], fields.PhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[MessageRecord.SysFlagAt..], WithHostBits(fields));
        BinaryPrimitives.WriteInt64BigEndian(destination[MessageRecord.BornTimestampAt..], fields.BornTimestamp);
        var at = MessageRecord.BornHostAt;
        at += fields.BornHost.Write(destination[at..]);
        BinaryPrimitives.WriteInt64BigEndian(destination[at..], fields.StoreTimestamp);
        at += 8;
        at += fields.StoreHost.Write(destination[at..]);
        BinaryPrimitives.WriteInt32BigEndian(destination[at..], fields.ReconsumeTimes);
        BinaryPrimitives.WriteInt64BigEndian(destination[(at + 4)..], fields.PreparedTransactionOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[(at + 12)..], fields.Body.Length);
        at += 16;
        fields.Body.CopyTo(destination[at..]);
        at = WriteTopic(destination, at + fields.Body.Length, fields.Topic, v2);
        WriteProperties(destination[at..], fields);
        Volatile.Write(ref System.Runtime.CompilerServices.Unsafe.As<byte, int>(ref destination[0]), BinaryPrimitives.ReverseEndianness(destination.Length));
    }

    /// <summary>Writes the filler that closes a segment: size and magic, 8 bytes.</summary>
    public static void WriteBlank(Span<byte> destination, int size)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[MessageRecord.MagicAt..], MessageRecord.MagicBlank);
        BinaryPrimitives.WriteInt32BigEndian(destination, size);
    }

    private static int WithHostBits(in MessageRecordFields fields) =>
        (fields.SysFlag & ~(MessageSysFlag.BornHostV6 | MessageSysFlag.StoreHostV6))
        | (fields.BornHost.IsV6 ? MessageSysFlag.BornHostV6 : 0)
        | (fields.StoreHost.IsV6 ? MessageSysFlag.StoreHostV6 : 0);

    private static int WriteTopic(Span<byte> destination, int at, ReadOnlySpan<byte> topic, bool v2)
    {
        if (v2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], (ushort)topic.Length);
            at += 2;
        }
        else
        {
            destination[at++] = (byte)topic.Length;
        }

        topic.CopyTo(destination[at..]);
        return at + topic.Length;
    }

    private static void WriteProperties(Span<byte> destination, in MessageRecordFields fields)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)PropertiesSize(fields));
        var at = 2;
        fields.Properties.CopyTo(destination[at..]);
        at += fields.Properties.Length;
        if (NeedsSeparator(fields))
            destination[at++] = PropertyText.PropertySeparator;
        fields.MoreProperties.CopyTo(destination[at..]);
    }

    private static bool NeedsSeparator(in MessageRecordFields fields) =>
        !fields.Properties.IsEmpty && !fields.MoreProperties.IsEmpty && fields.Properties[^1] != PropertyText.PropertySeparator;
}
