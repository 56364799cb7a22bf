using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>Reads the JSON of table files, which fastjson wrote with bare numbers as keys: <c>{0:15,1:16}</c>.</summary>
public static class TableJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowTrailingCommas = true };

    /// <summary>Parses; null when it is no JSON even so.</summary>
    public static JsonDocument? Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            var standard = new ArrayBufferWriter<byte>(text.Length + 64);
            FastjsonRepair.ToStandard(text, standard);
            return JsonDocument.Parse(standard.WrittenMemory, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
