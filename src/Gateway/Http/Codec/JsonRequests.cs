using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>What all small JSON requests have in common.</summary>
internal static class JsonRequests
{
    /// <summary>Refuses another content type, which a page of another origin could send unasked.</summary>
    public static void RequireJson(HttpRequest request)
    {
        if (!JsonText.IsMediaType(request.ContentType, "application/json") && !JsonText.IsMediaType(request.ContentType, JsonText.MessagesType))
            throw new RefusalException(Problem.UnsupportedMediaType, "The content type must be application/json.");
    }

    public static void ExpectObject(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw RefusalException.Json($"Of {where} an object was expected.");
    }

    public static void ExpectEnd(ref Utf8JsonReader reader)
    {
        if (reader.Read())
            throw RefusalException.Json("Something follows the JSON.");
    }
}
