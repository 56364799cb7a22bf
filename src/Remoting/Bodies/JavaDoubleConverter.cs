using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Numbers with a fraction as Java writes them: <c>0.0</c>, never <c>0</c>.</summary>
internal sealed class JavaDoubleConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? double.TryParse(reader.GetString(), CultureInfo.InvariantCulture, out var value) ? value : throw new JsonException("a number is malformed")
            : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        var text = double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "0.0";
        writer.WriteRawValue(text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0", skipInputValidation: true);
    }
}
