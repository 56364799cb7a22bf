using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Inspection;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>A part of the commit log as JSON.</summary>
internal static class RecordJson
{
    public static void Write(Utf8JsonWriter json, in LogPart part, in MessageRecord record, BodyForm body)
    {
        json.WriteStartObject();
        json.WriteString("file"u8, part.Segment?.Name);
        json.WriteNumber("pos"u8, part.Offset - (part.Segment?.BaseOffset ?? 0));
        switch (part.Kind)
        {
            case LogPartKind.Record:
                Fields(json, record, body);
                break;
            case LogPartKind.Filler:
                json.WriteString("kind"u8, "BLANK"u8);
                json.WriteNumber("size"u8, part.Length);
                break;
            case LogPartKind.End:
                json.WriteString("kind"u8, "end-of-data"u8);
                break;
            default:
                json.WriteString("kind"u8, part.Kind.ToString().ToLowerInvariant());
                json.WriteNumber("size"u8, part.Length);
                json.WriteString("error"u8, part.Error.ToString());
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>The body as it is to be shown; null for not at all.</summary>
    public static string? Body(in MessageRecord record, BodyForm form) => form switch
    {
        BodyForm.Text => Encoding.UTF8.GetString(record.Body),
        BodyForm.Hex => Convert.ToHexStringLower(record.Body),
        _ => null,
    };

    private static void Fields(Utf8JsonWriter json, in MessageRecord record, BodyForm body)
    {
        json.WriteString("kind"u8, record.IsV2 ? "V2"u8 : "V1"u8);
        json.WriteNumber("size"u8, record.Size);
        json.WriteNumber("bodyCrc"u8, record.BodyCrc);
        json.WriteBoolean("crcOk"u8, record.CrcMatches);
        json.WriteNumber("queueId"u8, record.QueueId);
        json.WriteNumber("flag"u8, record.Flag);
        json.WriteNumber("queueOffset"u8, record.QueueOffset);
        json.WriteNumber("physicalOffset"u8, record.PhysicalOffset);
        json.WriteNumber("sysFlag"u8, record.SysFlag);
        json.WriteNumber("bornTimestamp"u8, record.BornTimestamp);
        json.WriteString("bornHost"u8, record.BornHost.ToString());
        json.WriteNumber("storeTimestamp"u8, record.StoreTimestamp);
        json.WriteString("storeHost"u8, record.StoreHost.ToString());
        json.WriteNumber("reconsumeTimes"u8, record.ReconsumeTimes);
        json.WriteNumber("preparedTransactionOffset"u8, record.PreparedTransactionOffset);
        json.WriteNumber("bodyLen"u8, record.Body.Length);
        json.WriteString("topic"u8, record.TopicString);
        json.WriteString("properties"u8, Encoding.UTF8.GetString(record.Properties));
        if (Body(record, body) is { } text)
        {
            json.WriteString("body"u8, text);
        }
    }
}
