using System.Text.Json.Nodes;

namespace ProtoBridgeMQ.Tests.Support.OpenApi;

/// <summary>Bodies that a schema does not allow, made from its example.</summary>
/// <param name="document">Where references lead.</param>
/// <param name="random">What is chosen.</param>
public sealed class BadBodies(ApiDocument document, Random random)
{
    private static readonly string[] NoJson = ["{", "", "null", "[[[[", "\"", "7", "{\"a\":1}x", "\u0000", "{\"a\":NaN}", "true"];

    /// <summary>Some, each with what is wrong with it.</summary>
    public IEnumerable<(string What, string Text)> Of(ApiBody body)
    {
        foreach (string text in NoJson)
        {
            yield return ($"'{text}'", text);
        }

        yield return ("nested deeply", new string('[', 5_000) + new string(']', 5_000));
        JsonObject schema = document.Resolve(body.Schema["oneOf"]?[0]?.AsObject() ?? body.Schema);
        JsonObject example = body.Example!.AsObject();
        yield return ("an unknown member", With(example, "notAMember" + random.Next(100), 1));
        yield return ("an array", new JsonArray(example.DeepClone(), 7).ToJsonString());
        foreach (JsonNode? name in schema["required"] as JsonArray ?? [])
        {
            yield return ($"{name} is missing", With(example, (string)name!, null));
        }

        foreach ((string name, JsonNode? member) in schema["properties"]!.AsObject())
        {
            foreach (JsonNode wrong in Wrong((string?)document.Resolve(member!.AsObject())["type"] ?? "object"))
            {
                yield return ($"{name} is {wrong.ToJsonString()[..Math.Min(40, wrong.ToJsonString().Length)]}", With(example, name, wrong));
            }
        }
    }

    /// <summary>Values that are not of a type, or out of every range.</summary>
    private JsonNode[] Wrong(string type) => type switch
    {
        "string" => [random.Next(), true, new JsonObject(), new JsonArray("x"), new string('x', 70_000), "", "\u0001\u0002", "../../etc", "<script>", "\ud83d\ude00"],
        "integer" => ["x", 1.5, -1, long.MinValue, JsonNode.Parse("9223372036854775808")!, JsonNode.Parse("1e400")!, new JsonArray()],
        "boolean" => ["true", 1, new JsonObject()],
        "array" => ["x", 1, new JsonObject(), new JsonArray(new JsonObject { ["x"] = 1 }), new JsonArray(1, "2", null), new JsonArray([.. Enumerable.Range(0, 5_000).Select(static i => (JsonNode)$"r{i}")])],
        _ => ["x", 1, new JsonArray(), new JsonObject { ["\u0001"] = "x" }, new JsonObject { ["x"] = 1 }],
    };

    private static string With(JsonObject example, string name, JsonNode? value)
    {
        JsonObject changed = example.DeepClone().AsObject();
        changed.Remove(name);
        if (value is not null)
        {
            changed[name] = value.DeepClone();
        }

        return changed.ToJsonString();
    }
}
