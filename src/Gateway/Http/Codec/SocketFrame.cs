using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// What a WebSocket client says.
/// <code>
/// { "type": "credit", "count": 100 }
/// { "type": "ack" | "nack" | "extend" | "dead-letter", "receipts": ["..."], "delay": "5s", "lease": "30s" }
/// </code>
/// </summary>
/// <param name="Type">What it wants.</param>
/// <param name="Count">Of credit.</param>
/// <param name="Receipts">Of settlements.</param>
/// <param name="Time">Delay of a nack, lease of an extend; null without.</param>
internal sealed record SocketFrame(string Type, int Count, IReadOnlyList<string> Receipts, string? Time)
{
    private const string Where = "the frame";

    /// <summary>Reads one.</summary>
    /// <exception cref="RefusalException">It is something else.</exception>
    public static SocketFrame Parse(ReadOnlySpan<byte> json, int maxReceipts)
    {
        try
        {
            return Read(json, maxReceipts);
        }
        catch (JsonException wrong)
        {
            throw JsonMembers.Malformed(wrong);
        }
    }

    private static SocketFrame Read(ReadOnlySpan<byte> json, int maxReceipts)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        reader.Read();
        JsonRequests.ExpectObject(ref reader, Where);
        var members = new JsonMembers(Where);
        string type = string.Empty;
        int count = 0;
        List<string> receipts = [];
        string? time = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = members.Next(ref reader);
            switch (name)
            {
                case "type":
                    type = JsonMembers.Text(ref reader, Where, name);
                    break;
                case "count":
                    if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out count) || count < 1)
                        throw RefusalException.Json("count is a number from 1.");
                    break;
                case "receipts":
                    ReadReceipts(ref reader, receipts, maxReceipts);
                    break;
                case "delay" or "lease":
                    time = JsonMembers.Text(ref reader, Where, name);
                    break;
                default:
                    throw RefusalException.Json($"Of {Where} the member '{name}' is unknown.");
            }
        }

        bool isWhole = type == "credit" ? count > 0 && receipts.Count == 0 : type is "ack" or "nack" or "extend" or "dead-letter" && receipts.Count > 0;
        if (!isWhole || (time is not null && !members.Has(type == "nack" ? "delay" : "lease")) || (time is not null && type is not ("nack" or "extend")))
            throw RefusalException.Json("A frame is { type: credit, count } or { type: ack | nack | extend | dead-letter, receipts }, with delay for nack and lease for extend.");

        return new SocketFrame(type, count, receipts, time);
    }

    private static void ReadReceipts(ref Utf8JsonReader reader, List<string> receipts, int max)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw RefusalException.Json("receipts is an array of texts.");

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (receipts.Count == max)
                throw RefusalException.Invalid($"A frame may have {max} receipts.");

            receipts.Add(JsonMembers.Text(ref reader, Where, "receipts"));
        }
    }
}
