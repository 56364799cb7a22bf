using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>The fields of a record that is to be written; spans are borrowed.</summary>
public ref struct MessageRecordFields
{
    private ReadOnlySpan<byte> _properties;
    private ReadOnlySpan<byte> _moreProperties;

    /// <summary>CRC of <see cref="Body"/>; see <see cref="BodyCrc32"/>. The top bit is not written.</summary>
    public int BodyCrc { get; set; }

    /// <summary>
    /// <see cref="Crc32.Shift"/> of the body's length: the record's CRC is then made from <see cref="BodyCrc"/>, which has
    /// all 32 bits, without another look at the body. 0 where it does not.
    /// </summary>
    public uint BodyShift { get; set; }

    /// <summary>Whether the record ends in a CRC of all of it; see <see cref="RecordCrc"/>.</summary>
    public bool WithCrc { get; set; }

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

    /// <summary>The property text, UTF-8. A record CRC in it is left out: it was that of another record.</summary>
    public ReadOnlySpan<byte> Properties
    {
        readonly get => _properties;
        set
        {
            _properties = value;
            HasForeignCrc = RecordCrc.IsIn(value);
        }
    }

    /// <summary>More property text after <see cref="Properties"/>: what a batch gives all its messages. A separator goes between where one is missing.</summary>
    public ReadOnlySpan<byte> MoreProperties
    {
        readonly get => _moreProperties;
        set
        {
            _moreProperties = value;
            MoreHasForeignCrc = RecordCrc.IsIn(value);
        }
    }

    /// <summary>A text that ends in what would be taken for a damaged CRC is kept from that by a real one.</summary>
    internal readonly bool EndsInCrc => WithCrc || RecordCrc.Ends(_moreProperties.IsEmpty ? _properties : _moreProperties);

    internal bool HasForeignCrc { get; private set; }

    internal bool MoreHasForeignCrc { get; private set; }
}

/// <summary>Writes message records; the layout is drawn at <see cref="MessageRecord"/>.</summary>
public static class MessageRecordWriter
{
    /// <summary>Bytes of the property text of <paramref name="fields"/> with the separator between its parts and the record's CRC.</summary>
    public static int PropertiesSize(in MessageRecordFields fields)
    {
        var first = SizeOf(fields.Properties, fields.HasForeignCrc);
        var more = SizeOf(fields.MoreProperties, fields.MoreHasForeignCrc);
        var size = first + more;
        if (first > 0 && (more > 0 || fields.EndsInCrc) && IsOpen(fields.Properties, fields.HasForeignCrc))
            size++;
        if (!fields.EndsInCrc)
            return size;
        return size + RecordCrc.Size + (more > 0 && IsOpen(fields.MoreProperties, fields.MoreHasForeignCrc) ? 1 : 0);
    }

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
        BinaryPrimitives.WriteInt32BigEndian(destination[MessageRecord.BodyCrcAt..], fields.BodyCrc & int.MaxValue);
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
        var bodyAt = at + 16;
        fields.Body.CopyTo(destination[bodyAt..]);
        at = WriteTopic(destination, bodyAt + fields.Body.Length, fields.Topic, v2);
        WriteProperties(destination[at..], fields);
        if (fields.EndsInCrc)
            RecordCrc.Write(destination[^RecordCrc.Size..], CrcOf(destination, bodyAt, fields));
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
        at += Copy(fields.Properties, fields.HasForeignCrc, destination[at..]);
        if (at > 2 && (fields.EndsInCrc || SizeOf(fields.MoreProperties, fields.MoreHasForeignCrc) > 0) && destination[at - 1] != PropertyText.PropertySeparator)
            destination[at++] = PropertyText.PropertySeparator;
        var more = Copy(fields.MoreProperties, fields.MoreHasForeignCrc, destination[at..]);
        at += more;
        if (more > 0 && fields.EndsInCrc && destination[at - 1] != PropertyText.PropertySeparator)
            destination[at] = PropertyText.PropertySeparator;
    }

    /// <summary>The CRC of everything before the CRC. The size is not written yet: it goes in last.</summary>
    private static uint CrcOf(ReadOnlySpan<byte> record, int bodyAt, in MessageRecordFields fields)
    {
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, record.Length);
        var crc = Crc32.Compute(size);
        if (fields.BodyShift == 0)
            return Crc32.Append(crc, record[4..^RecordCrc.Size]);
        crc = Crc32.Append(crc, record[4..bodyAt]);
        crc = Crc32.Combine(crc, (uint)fields.BodyCrc, fields.BodyShift);
        return Crc32.Append(crc, record[(bodyAt + fields.Body.Length)..^RecordCrc.Size]);
    }

    private static int SizeOf(ReadOnlySpan<byte> text, bool hasForeignCrc) =>
        hasForeignCrc ? RecordCrc.CopyWithout(text, default) : text.Length;

    private static int Copy(ReadOnlySpan<byte> text, bool hasForeignCrc, Span<byte> destination)
    {
        if (hasForeignCrc)
            return RecordCrc.CopyWithout(text, destination);
        text.CopyTo(destination);
        return text.Length;
    }

    /// <summary>Whether the last property lacks its separator.</summary>
    private static bool IsOpen(ReadOnlySpan<byte> text, bool hasForeignCrc) => !hasForeignCrc && text[^1] != PropertyText.PropertySeparator;
}
