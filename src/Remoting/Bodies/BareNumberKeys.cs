using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>
/// Writes addresses by broker id as fastjson does, with bare numbers as keys: <c>{0:"a:1"}</c>. That is no JSON, but what
/// clients older than 4.9.4 cut apart.
/// </summary>
internal sealed class BareNumberKeys : JsonConverter<SortedDictionary<long, string>>
{
    public override SortedDictionary<long, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("this form is made standard before it is read");

    public override void Write(Utf8JsonWriter writer, SortedDictionary<long, string> value, JsonSerializerOptions options)
    {
        var text = new StringBuilder("{");
        foreach (var (id, address) in value)
        {
            if (text.Length > 1)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{id}:\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(address)}\"");
        }
        writer.WriteRawValue(text.Append('}').ToString(), skipInputValidation: true);
    }
}
