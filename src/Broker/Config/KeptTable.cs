using System.Text.Json;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>A table that this broker does not use and leaves as it is, for a broker that does: <c>consumerFilter.json</c>.</summary>
public static class KeptTable
{
    /// <summary>The file's bytes, if it is JSON; else null.</summary>
    public static byte[]? Parse(byte[] text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        return document?.RootElement.ValueKind == JsonValueKind.Object ? text : null;
    }
}
