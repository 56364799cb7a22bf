using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// What is to be settled.
/// <code>{ "receipts": ["..."], "delay": "5s" }</code>
/// </summary>
/// <param name="Receipts">As they were written.</param>
/// <param name="Time">The delay of a nack or the lease of an extend; null when absent.</param>
internal sealed record ReceiptsRequest(IReadOnlyList<string> Receipts, string? Time)
{
    /// <summary>Reads it.</summary>
    /// <param name="json">The body.</param>
    /// <param name="timeMember">Name of the member that holds a time; null when none is taken.</param>
    /// <param name="max">Most receipts.</param>
    public static ReceiptsRequest Parse(ReadOnlySpan<byte> json, string? timeMember, int max)
    {
        try
        {
            return Read(json, timeMember, max);
        }
        catch (JsonException wrong)
        {
            throw JsonMembers.Malformed(wrong);
        }
    }

    private static ReceiptsRequest Read(ReadOnlySpan<byte> json, string? timeMember, int max)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        List<string>? receipts = null;
        string? time = null;
        reader.Read();
        JsonRequests.ExpectObject(ref reader, "the request");
        var members = new JsonMembers("the request");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = members.Next(ref reader);
            if (name == "receipts")
                receipts = ReadReceipts(ref reader, max);
            else if (name == timeMember)
                time = JsonMembers.Text(ref reader, "the request", name);
            else
                throw RefusalException.Json($"The member '{name}' is unknown here.");
        }

        JsonRequests.ExpectEnd(ref reader);
        return receipts is { Count: > 0 } ? new ReceiptsRequest(receipts, time) : throw RefusalException.Json("'receipts' must be an array with at least one receipt.");
    }

    private static List<string> ReadReceipts(ref Utf8JsonReader reader, int max)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw RefusalException.Json("'receipts' must be an array of texts.");

        List<string> receipts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (receipts.Count == max)
                throw RefusalException.Invalid($"One request may have {max} receipts.");

            receipts.Add(JsonMembers.Text(ref reader, "the request", "receipts"));
        }

        return receipts;
    }
}
