using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>Reads the binary (ROCKETMQ) header.</summary>
/// <remarks>
/// <code>
///  0       2          3         5          9       13           17         17+R        21+R         21+R+E
///  +-------+----------+---------+----------+-------+------------+----------+-----------+------------+
///  | code  | language | version | opaque   | flag  | R: int32   | remark   | E: int32  | fields     |
///  | int16 | uint8    | int16   | int32    | int32 |            |          |           |            |
///  +-------+----------+---------+----------+-------+------------+----------+-----------+------------+
///  fields: repeated  | int16 name length | name | int32 value length | value |
/// </code>
/// </remarks>
internal static class BinaryHeaderReader
{
    private const int FixedLength = 21;

    /// <summary>Fills <paramref name="header"/>; returns null or what is wrong.</summary>
    public static string? Read(byte[] bytes, int length, RemotingHeader header)
    {
        if (length < FixedLength)
            return $"binary header of {length} bytes is too short";
        var span = bytes.AsSpan(0, length);
        header.Code = BinaryPrimitives.ReadInt16BigEndian(span);
        header.Language = (LanguageCode)span[2];
        header.Version = BinaryPrimitives.ReadInt16BigEndian(span[3..]);
        header.Opaque = BinaryPrimitives.ReadInt32BigEndian(span[5..]);
        header.Flags = (HeaderFlags)BinaryPrimitives.ReadInt32BigEndian(span[9..]);

        var remark = BinaryPrimitives.ReadInt32BigEndian(span[13..]);
        if (remark < 0 || remark > length - FixedLength)
            return $"remark length {remark} goes beyond the header";
        if (remark > 0)
            header.SetRemark(17, remark);

        var fields = BinaryPrimitives.ReadInt32BigEndian(span[(17 + remark)..]);
        var start = FixedLength + remark;
        if (fields < 0 || fields > length - start)
            return $"fields length {fields} goes beyond the header";
        header.Fields.IsPresent = fields > 0;
        return ReadFields(span[..(start + fields)], start, header.Fields);
    }

    private static string? ReadFields(ReadOnlySpan<byte> span, int at, HeaderFields fields)
    {
        while (at < span.Length)
        {
            if (span.Length - at < 2)
                return "a field's name length is cut off";
            int nameLength = BinaryPrimitives.ReadInt16BigEndian(span[at..]);
            at += 2;
            if (nameLength < 0 || nameLength > span.Length - at - 4)
                return $"field name length {nameLength} goes beyond the fields";
            var nameStart = at;
            at += nameLength;
            var valueLength = BinaryPrimitives.ReadInt32BigEndian(span[at..]);
            at += 4;
            if (valueLength < 0 || valueLength > span.Length - at)
                return $"field value length {valueLength} goes beyond the fields";
            if (!fields.TryAdd(nameStart, nameLength, at, valueLength))
                return "too many fields";
            at += valueLength;
        }
        return null;
    }
}
