using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>Why bytes are not a whole message record.</summary>
public enum RecordError
{
    /// <summary>They are.</summary>
    None,

    /// <summary>Fewer bytes than a record has at least, or than it says it has.</summary>
    NeedMore,

    /// <summary>The size field is 0: nothing was written here.</summary>
    EndOfData,

    /// <summary>A filler up to the end of the segment.</summary>
    Blank,

    /// <summary>Neither of the magics of a record.</summary>
    BadMagic,

    /// <summary>The lengths inside do not add up to the size.</summary>
    BadLength,
}

/// <summary>
/// A view of one message record, as it is in the commit log and in the body of a pull response. Holds no copy.
/// <code>
///   0  total size 4      | magic 4           | CRC of the body 4   | queue id 4
///  16  producer's flag 4 | queue offset 8    | physical offset 8   | system flag 4
///  40  born time 8       | born host 8 or 20 | store time 8        | store host 8 or 20
///      reconsume times 4 | prepared transaction offset 8
///      body length 4     | body
///      topic length 1 (first version) or 2 (second) | topic, UTF-8
///      properties length 2 | property text, UTF-8 | the record's CRC 20, see <see cref="RecordCrc"/>; may be missing
/// </code>
/// Big-endian. Bits of the system flag say whether a host is IPv4 (8 bytes) or IPv6 (20). The properties length counts the
/// record's CRC.
/// </summary>
public readonly ref struct MessageRecord
{
    /// <summary>Magic of a record whose topic length takes one byte.</summary>
    public const uint MagicV1 = 0xDAA320A7;

    /// <summary>Magic of a record whose topic length takes two bytes.</summary>
    public const uint MagicV2 = 0xDAA320AB;

    /// <summary>Magic of the filler at the end of a segment.</summary>
    public const uint MagicBlank = 0xCBD43194;

    /// <summary>Bytes of the smallest record: IPv4 hosts, no body, no topic, no properties.</summary>
    public const int MinimumSize = BornHostAt + HostAddress.V4Size + 8 + HostAddress.V4Size + 4 + 8 + 4 + 1 + 2;

    /// <summary>Longest topic of the first version.</summary>
    public const int MaxTopicV1 = 127;

    /// <summary>Longest property text.</summary>
    public const int MaxProperties = short.MaxValue;

    internal const int MagicAt = 4;
    internal const int BodyCrcAt = 8;
    internal const int QueueIdAt = 12;
    internal const int FlagAt = 16;
    internal const int QueueOffsetAt = 20;
    internal const int PhysicalOffsetAt = 28;
    internal const int SysFlagAt = 36;
    internal const int BornTimestampAt = 40;
    internal const int BornHostAt = 48;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _storeTimestampAt;
    private readonly int _reconsumeAt;
    private readonly int _bodyAt;
    private readonly int _bodyLength;
    private readonly int _topicAt;
    private readonly int _topicLength;
    private readonly int _propertiesAt;
    private readonly int _propertiesEnd;

    private MessageRecord(ReadOnlySpan<byte> bytes, int storeTimestampAt, int reconsumeAt, int bodyAt, int bodyLength, int topicAt, int topicLength, int propertiesAt)
    {
        _bytes = bytes;
        _storeTimestampAt = storeTimestampAt;
        _reconsumeAt = reconsumeAt;
        _bodyAt = bodyAt;
        _bodyLength = bodyLength;
        _topicAt = topicAt;
        _topicLength = topicLength;
        _propertiesAt = propertiesAt;
        _propertiesEnd = RecordCrc.Ends(bytes[propertiesAt..]) ? bytes.Length - RecordCrc.Size : bytes.Length;
    }

    /// <summary>The whole record.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Bytes of the record.</summary>
    public int Size => _bytes.Length;

    /// <summary>True for a record whose topic length takes two bytes.</summary>
    public bool IsV2 => BinaryPrimitives.ReadUInt32BigEndian(_bytes[MagicAt..]) == MagicV2;

    /// <summary>CRC of the body as stored.</summary>
    public int BodyCrc => BinaryPrimitives.ReadInt32BigEndian(_bytes[BodyCrcAt..]);

    /// <summary>Queue in the topic.</summary>
    public int QueueId => BinaryPrimitives.ReadInt32BigEndian(_bytes[QueueIdAt..]);

    /// <summary>The producer's flag.</summary>
    public int Flag => BinaryPrimitives.ReadInt32BigEndian(_bytes[FlagAt..]);

    /// <summary>Place in the queue.</summary>
    public long QueueOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes[QueueOffsetAt..]);

    /// <summary>Position in the commit log.</summary>
    public long PhysicalOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes[PhysicalOffsetAt..]);

    /// <summary>System flag; see <see cref="MessageSysFlag"/>.</summary>
    public int SysFlag => BinaryPrimitives.ReadInt32BigEndian(_bytes[SysFlagAt..]);

    /// <summary>When the producer made it, Unix milliseconds.</summary>
    public long BornTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[BornTimestampAt..]);

    /// <summary>Where it came from.</summary>
    public HostAddress BornHost => HostAddress.Read(_bytes[BornHostAt.._storeTimestampAt]);

    /// <summary>When the broker stored it, Unix milliseconds.</summary>
    public long StoreTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[_storeTimestampAt..]);

    /// <summary>The broker that stored it.</summary>
    public HostAddress StoreHost => HostAddress.Read(_bytes[(_storeTimestampAt + 8).._reconsumeAt]);

    /// <summary>How often consumers sent it back.</summary>
    public int ReconsumeTimes => BinaryPrimitives.ReadInt32BigEndian(_bytes[_reconsumeAt..]);

    /// <summary>Offset of the half message that this one settles.</summary>
    public long PreparedTransactionOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes[(_reconsumeAt + 4)..]);

    /// <summary>The body as stored; compressed when the system flag says so.</summary>
    public ReadOnlySpan<byte> Body => _bytes.Slice(_bodyAt, _bodyLength);

    /// <summary>Where the body begins in <see cref="Bytes"/>: for readers that keep the memory.</summary>
    public int BodyAt => _bodyAt;

    /// <summary>The topic, UTF-8.</summary>
    public ReadOnlySpan<byte> Topic => _bytes.Slice(_topicAt, _topicLength);

    /// <summary>The property text, UTF-8, without the record's CRC; see <see cref="PropertyText"/>.</summary>
    public ReadOnlySpan<byte> Properties => _bytes[_propertiesAt.._propertiesEnd];

    /// <summary>Where the property text begins in <see cref="Bytes"/>.</summary>
    public int PropertiesAt => _propertiesAt;

    /// <summary>Where the topic begins in <see cref="Bytes"/>.</summary>
    public int TopicAt => _topicAt;

    /// <summary>The tags property, UTF-8; empty without.</summary>
    public ReadOnlySpan<byte> Tags => PropertyText.TryGet(Properties, "TAGS"u8, out var tags) ? tags : default;

    /// <summary>Whether the record takes a place in its queue.</summary>
    public bool TakesQueueOffset => MessageSysFlag.TakesQueueOffset(SysFlag);

    /// <summary>Whether the record ends in a CRC of all of it; records of other brokers may not.</summary>
    public bool HasCrc => _propertiesEnd < _bytes.Length;

    /// <summary>Whether the record has the CRC that it says: of all of it, else (<see cref="HasCrc"/>) of its body. For records as they are stored.</summary>
    public bool CrcMatches => HasCrc ? RecordCrc.Matches(_bytes) : BodyCrcMatches;

    /// <summary>Whether the body has the CRC that the record says. For records that somebody passed on: they may have been put together anew.</summary>
    public bool BodyCrcMatches => BodyCrc32.Compute(Body) == BodyCrc;

    /// <summary>The topic as a string.</summary>
    public string TopicString => Encoding.UTF8.GetString(Topic);

    /// <summary>
    /// Cuts the record at the start of <paramref name="source"/>. Checks every length, not the CRC
    /// (see <see cref="CrcMatches"/>); allocates nothing whatever the bytes are.
    /// </summary>
    public static RecordError TryRead(ReadOnlySpan<byte> source, out MessageRecord record)
    {
        record = default;
        if (source.Length < 4)
            return RecordError.NeedMore;
        var size = BinaryPrimitives.ReadInt32BigEndian(source);
        if (size == 0)
            return RecordError.EndOfData;
        if (source.Length < 8)
            return RecordError.NeedMore;
        switch (BinaryPrimitives.ReadUInt32BigEndian(source[MagicAt..]))
        {
            case MagicV1: return Cut(source, size, 1, out record);
            case MagicV2: return Cut(source, size, 2, out record);
            case MagicBlank: return RecordError.Blank;
            default: return RecordError.BadMagic;
        }
    }

    /// <summary>
    /// Whether bytes are one whole record, with every length as <see cref="TryRead"/> wants it, and the one of a place in the
    /// log and in a queue. A reader that passes records on asks for nothing else, and need not cut them. Each length is looked
    /// at before what it leads to is read, and nothing twice.
    /// </summary>
    public static bool IsAt(ReadOnlySpan<byte> bytes, long physicalOffset, ReadOnlySpan<byte> topic, int queueId, long queueOffset)
    {
        if (bytes.Length < MinimumSize)
            return false;
        ref var at = ref MemoryMarshal.GetReference(bytes);
        var differs = (Int32At(ref at, 0) ^ bytes.Length) | (Int32At(ref at, QueueIdAt) ^ queueId);
        var differsLong = (Int64At(ref at, QueueOffsetAt) ^ queueOffset) | (Int64At(ref at, PhysicalOffsetAt) ^ physicalOffset);
        var magic = (uint)Int32At(ref at, MagicAt);
        var topicLengthSize = magic == MagicV2 ? 2 : 1;
        if (((uint)differs | differsLong) != 0 || (magic != MagicV1 && magic != MagicV2))
            return false;
        var bodyAt = BornHostAt + 8 + 4 + 8 + 4 + HostsSize(Int32At(ref at, SysFlagAt));
        var rest = bytes.Length - bodyAt - topicLengthSize - topic.Length - 2;
        if (rest < 0)
            return false;
        var bodyLength = Int32At(ref at, bodyAt - 4);
        if ((uint)bodyLength > (uint)rest)
            return false;
        ref var behind = ref Unsafe.Add(ref at, bodyAt + bodyLength);
        return (topicLengthSize == 1 ? behind : UInt16At(ref behind, 0)) == topic.Length
            && UInt16At(ref behind, topicLengthSize + topic.Length) == rest - bodyLength
            && MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref behind, topicLengthSize), topic.Length).SequenceEqual(topic);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Int32At(ref byte start, int at) =>
        BinaryPrimitives.ReadInt32BigEndian(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref start, at), sizeof(int)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Int64At(ref byte start, int at) =>
        BinaryPrimitives.ReadInt64BigEndian(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref start, at), sizeof(long)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort UInt16At(ref byte start, int at) =>
        BinaryPrimitives.ReadUInt16BigEndian(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref start, at), sizeof(ushort)));

    private static int HostsSize(int sysFlag) =>
        ((sysFlag & MessageSysFlag.BornHostV6) == 0 ? HostAddress.V4Size : HostAddress.V6Size)
        + ((sysFlag & MessageSysFlag.StoreHostV6) == 0 ? HostAddress.V4Size : HostAddress.V6Size);

    private static RecordError Cut(ReadOnlySpan<byte> source, int size, int topicLengthSize, out MessageRecord record)
    {
        record = default;
        if (size < MinimumSize + topicLengthSize - 1)
            return RecordError.BadLength;
        if (size > source.Length)
            return RecordError.NeedMore;
        var bytes = source[..size];
        var sysFlag = BinaryPrimitives.ReadInt32BigEndian(bytes[SysFlagAt..]);
        var storeTimestampAt = BornHostAt + ((sysFlag & MessageSysFlag.BornHostV6) == 0 ? HostAddress.V4Size : HostAddress.V6Size);
        var reconsumeAt = storeTimestampAt + 8 + ((sysFlag & MessageSysFlag.StoreHostV6) == 0 ? HostAddress.V4Size : HostAddress.V6Size);
        var bodyAt = reconsumeAt + 4 + 8 + 4;
        if (bodyAt > size)
            return RecordError.BadLength;
        var bodyLength = BinaryPrimitives.ReadInt32BigEndian(bytes[(bodyAt - 4)..]);
        if (bodyLength < 0 || bodyLength > size - bodyAt - topicLengthSize)
            return RecordError.BadLength;
        var topicAt = bodyAt + bodyLength + topicLengthSize;
        var topicLength = topicLengthSize == 1 ? bytes[topicAt - 1] : BinaryPrimitives.ReadUInt16BigEndian(bytes[(topicAt - 2)..]);
        if (topicLength > size - topicAt - 2)
            return RecordError.BadLength;
        var propertiesAt = topicAt + topicLength + 2;
        if (BinaryPrimitives.ReadUInt16BigEndian(bytes[(propertiesAt - 2)..]) != size - propertiesAt)
            return RecordError.BadLength;
        record = new MessageRecord(bytes, storeTimestampAt, reconsumeAt, bodyAt, bodyLength, topicAt, topicLength, propertiesAt);
        return RecordError.None;
    }
}
