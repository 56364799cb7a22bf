using System.Buffers;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>Writes the JSON header as fastjson does: members in alphabetical order, absent ones left out.</summary>
internal static class JsonHeaderWriter
{
    public static void Write(
        IBufferWriter<byte> output, in HeaderStart start, HeaderText remark, bool hasFields, HeaderFieldsWriter fields)
    {
        var text = new JsonTextWriter(output);
        text.Raw("{\"code\":"u8);
        text.Number(start.Code);
        if (hasFields || fields.Count > 0)
            WriteFields(ref text, fields);
        text.Raw(",\"flag\":"u8);
        text.Number((int)start.Flags);
        text.Raw(",\"language\":\""u8);
        text.Raw(LanguageNames.ToUtf8(start.Language));
        text.Raw("\",\"opaque\":"u8);
        text.Number(start.Opaque);
        if (remark.IsPresent)
        {
            text.Raw(",\"remark\":"u8);
            text.Quoted(remark.Span);
        }
        text.Raw(start.Serialization == SerializeType.Json
            ? ",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":"u8
            : ",\"serializeTypeCurrentRPC\":\"ROCKETMQ\",\"version\":"u8);
        text.Number(start.Version);
        text.Raw("}"u8);
        text.Complete();
    }

    private static void WriteFields(ref JsonTextWriter text, HeaderFieldsWriter fields)
    {
        text.Raw(",\"extFields\":{"u8);
        for (var index = 0; index < fields.Count; index++)
        {
            if (index > 0)
                text.Raw(","u8);
            text.Quoted(fields.NameAt(index));
            text.Raw(":"u8);
            text.Quoted(fields.ValueAt(index));
        }
        text.Raw("}"u8);
    }
}
