using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>Writes the JSON header as fastjson does: members in alphabetical order, absent ones left out.</summary>
internal static class JsonHeaderWriter
{
    public static void Write(
        IBufferWriter<byte> output, in HeaderStart start, HeaderText remark, bool hasFields, HeaderFieldsWriter fields)
    {
        output.Write("{\"code\":"u8);
        WriteNumber(output, start.Code);
        if (hasFields || fields.Count > 0)
            WriteFields(output, fields);
        output.Write(",\"flag\":"u8);
        WriteNumber(output, (int)start.Flags);
        output.Write(",\"language\":\""u8);
        output.Write(LanguageNames.ToUtf8(start.Language));
        output.Write("\",\"opaque\":"u8);
        WriteNumber(output, start.Opaque);
        if (remark.IsPresent)
        {
            output.Write(",\"remark\":"u8);
            JsonText.WriteQuoted(output, remark.Span);
        }
        output.Write(start.Serialization == SerializeType.Json
            ? ",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":"u8
            : ",\"serializeTypeCurrentRPC\":\"ROCKETMQ\",\"version\":"u8);
        WriteNumber(output, start.Version);
        output.Write("}"u8);
    }

    private static void WriteFields(IBufferWriter<byte> output, HeaderFieldsWriter fields)
    {
        output.Write(",\"extFields\":{"u8);
        for (var index = 0; index < fields.Count; index++)
        {
            if (index > 0)
                output.Write(","u8);
            JsonText.WriteQuoted(output, fields.NameAt(index));
            output.Write(":"u8);
            JsonText.WriteQuoted(output, fields.ValueAt(index));
        }
        output.Write("}"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, int value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(11), out var length);
        output.Advance(length);
    }
}
