using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Small JSON answers.</summary>
internal static class JsonAnswer
{
    /// <summary>Answers with what <paramref name="write"/> makes of the value; the status is set before.</summary>
    public static async Task WriteAsync<T>(HttpResponse response, T value, Action<Utf8JsonWriter, T> write)
    {
        response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        write(writer, value);
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }
}
