using System.Text.Encodings.Web;
using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>How JSON is written and read here.</summary>
internal static class JsonText
{
    /// <summary>The content type of messages as JSON.</summary>
    public const string MessagesType = "application/vnd.protobridge+json";

    /// <summary>Nothing that goes into a page or a script is left unescaped, letters of all languages stay readable.</summary>
    public static JsonWriterOptions Options { get; } = new()
    {
        Encoder = JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All),
        SkipValidation = true,
    };

    public static JsonReaderOptions Reading { get; } = new() { MaxDepth = 8 };

    /// <summary>Whether a content type header names that media type, whatever its parameters.</summary>
    public static bool IsMediaType(string? header, string type)
        => header is not null
            && header.StartsWith(type, StringComparison.OrdinalIgnoreCase)
            && (header.Length == type.Length || header[type.Length] is ';' or ' ');
}
