using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>Bodies of the management interface.</summary>
internal static class ManagementBody
{
    /// <summary>Reads the JSON of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="type">What is expected.</param>
    /// <param name="whenEmpty">What an empty body means; null: it is refused.</param>
    /// <param name="max">Bytes, at most.</param>
    /// <exception cref="RefusalException">It is something else.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, T? whenEmpty, int max)
        where T : class
    {
        using RequestBody body = await RequestBody.ReadAsync(request, max);
        if (body.Bytes.IsEmpty && whenEmpty is not null)
            return whenEmpty;

        JsonRequests.RequireJson(request);
        try
        {
            return JsonSerializer.Deserialize(body.Bytes.Span, type) ?? throw RefusalException.Json("The body is null; an object was expected.");
        }
        catch (JsonException wrong)
        {
            throw RefusalException.Json(Explain(wrong));
        }
    }

    /// <summary>Answers with a value; the status is set before.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await JsonSerializer.SerializeAsync(context.Response.BodyWriter, value, type, context.RequestAborted);
    }

    /// <summary>The entity tag of a value: another one for any other value.</summary>
    public static string TagOf<T>(T value, JsonTypeInfo<T> type)
        => '"' + Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(value, type)).AsSpan(0, 12)) + '"';

    private static string Explain(JsonException wrong)
    {
        string where = wrong.Path is { Length: > 0 } path and not "$" ? $" at {path}" : string.Empty;
        return $"The JSON is not what was expected{where}, line {(wrong.LineNumber ?? 0) + 1}, byte {(wrong.BytePositionInLine ?? 0) + 1}.";
    }
}
