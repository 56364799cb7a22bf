using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ProtoBridgeMQ.Tests.Support.OpenApi;

/// <summary>Checks a value against a schema of the document: the keywords that the document uses, and no others.</summary>
/// <param name="document">Where references lead.</param>
public sealed class SchemaCheck(ApiDocument document)
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "$ref", "type", "format", "nullable", "description", "required", "properties", "additionalProperties", "items", "oneOf", "allOf", "enum",
    };

    /// <summary>What is wrong with the value, each with the place; nothing when it matches.</summary>
    public IEnumerable<string> Errors(JsonNode? value, JsonObject schema, string place = "$")
    {
        JsonObject resolved = document.Resolve(schema);
        if (resolved.Select(static keyword => keyword.Key).FirstOrDefault(static keyword => !Known.Contains(keyword)) is { } unknown)
        {
            return [$"{place}: the schema has the keyword {unknown}, which this check does not know"];
        }

        if (value is null)
        {
            return (bool?)resolved["nullable"] == true ? [] : [$"{place}: is null"];
        }

        return [.. OfType(value, resolved, place), .. OfChoice(value, resolved, place)];
    }

    private IEnumerable<string> OfChoice(JsonNode value, JsonObject schema, string place)
    {
        if (schema["oneOf"] is JsonArray choices && choices.Count(choice => !Errors(value, choice!.AsObject(), place).Any()) != 1)
        {
            yield return $"{place}: is not one of {choices.Count} shapes";
        }

        foreach (JsonNode? part in schema["allOf"] as JsonArray ?? [])
        {
            foreach (string error in Errors(value, part!.AsObject(), place))
            {
                yield return error;
            }
        }

        if (schema["enum"] is JsonArray values && !values.Any(one => JsonNode.DeepEquals(one, value)))
        {
            yield return $"{place}: {value.ToJsonString()} is none of {values.ToJsonString()}";
        }
    }

    private IEnumerable<string> OfType(JsonNode value, JsonObject schema, string place)
        => ((string?)schema["type"], value) switch
        {
            ("object", JsonObject members) => Members(members, schema, place),
            ("array", JsonArray items) => items.SelectMany((item, i) => Errors(item, schema["items"]!.AsObject(), $"{place}[{i}]")),
            ("string", JsonValue text) when text.GetValueKind() == JsonValueKind.String => Text((string)text!, schema, place),
            ("integer", JsonValue number) when number.GetValueKind() == JsonValueKind.Number => Whole(number, schema, place),
            ("number", JsonValue number) when number.GetValueKind() == JsonValueKind.Number => [],
            ("boolean", JsonValue flag) when flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False => [],
            (null, _) => [],
            ({ } type, _) => [$"{place}: {value.ToJsonString()} is no {type}"],
        };

    private static IEnumerable<string> Text(string text, JsonObject schema, string place)
    {
        if ((string?)schema["format"] == "date-time"
            && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _))
        {
            yield return $"{place}: '{text}' is no date and time";
        }
    }

    private static IEnumerable<string> Whole(JsonValue number, JsonObject schema, string place)
    {
        bool fits = (string?)schema["format"] == "int32" ? number.TryGetValue(out int _) : number.TryGetValue(out long _);
        if (!fits)
        {
            yield return $"{place}: {number.ToJsonString()} is no {schema["format"]}";
        }
    }

    private IEnumerable<string> Members(JsonObject value, JsonObject schema, string place)
    {
        JsonObject known = schema["properties"] as JsonObject ?? [];
        foreach (JsonNode? name in schema["required"] as JsonArray ?? [])
        {
            if (!value.ContainsKey((string)name!))
            {
                yield return $"{place}: {name} is missing";
            }
        }

        foreach ((string name, JsonNode? member) in value)
        {
            JsonObject? shape = known[name] as JsonObject ?? schema["additionalProperties"] as JsonObject;
            if (shape is null && schema["additionalProperties"] is JsonValue others && !(bool)others)
            {
                yield return $"{place}: {name} is not documented";
            }

            foreach (string error in shape is null ? [] : Errors(member, shape, $"{place}.{name}"))
            {
                yield return error;
            }
        }
    }
}
