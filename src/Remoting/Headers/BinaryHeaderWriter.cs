using System.Buffers;
using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>Writes the binary (ROCKETMQ) header; the layout is drawn at <see cref="BinaryHeaderReader"/>.</summary>
internal static class BinaryHeaderWriter
{
    public static void Write(IBufferWriter<byte> output, in HeaderStart start, HeaderText remark, HeaderFieldsWriter fields)
    {
        var fieldsLength = 0;
        for (var index = 0; index < fields.Count; index++)
            fieldsLength += 6 + fields.NameAt(index).Length + fields.ValueAt(index).Length;

        var total = 21 + remark.Span.Length + fieldsLength;
        var span = output.GetSpan(total);
        BinaryPrimitives.WriteInt16BigEndian(span, (short)start.Code);
        span[2] = (byte)start.Language;
        BinaryPrimitives.WriteInt16BigEndian(span[3..], (short)start.Version);
        BinaryPrimitives.WriteInt32BigEndian(span[5..], start.Opaque);
        BinaryPrimitives.WriteInt32BigEndian(span[9..], (int)start.Flags);
        BinaryPrimitives.WriteInt32BigEndian(span[13..], remark.Span.Length);
        remark.Span.CopyTo(span[17..]);
        var at = 17 + remark.Span.Length;
        BinaryPrimitives.WriteInt32BigEndian(span[at..], fieldsLength);
        at += 4;
        for (var index = 0; index < fields.Count; index++)
        {
            var name = fields.NameAt(index);
            var value = fields.ValueAt(index);
            BinaryPrimitives.WriteInt16BigEndian(span[at..], (short)name.Length);
            name.CopyTo(span[(at + 2)..]);
            at += 2 + name.Length;
            BinaryPrimitives.WriteInt32BigEndian(span[at..], value.Length);
            value.CopyTo(span[(at + 4)..]);
            at += 4 + value.Length;
        }
        output.Advance(total);
    }
}
