using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Support.OpenApi;

/// <summary>An OpenAPI 3.0 document, as far as contract tests read it.</summary>
/// <param name="root">The document.</param>
public sealed class ApiDocument(JsonObject root)
{
    private const string Reference = "#/components/schemas/";

    /// <summary>All operations, in the document's order.</summary>
    public IReadOnlyList<ApiOperation> Operations { get; } = [.. ReadOperations(root)];

    /// <summary>The golden document of the REST interface.</summary>
    public static ApiDocument ReadGolden()
        => new(JsonNode.Parse(File.ReadAllText(Path.Combine(BuiltProgram.Root, "tests", "Golden", "http", "openapi", "v1.json")))!.AsObject());

    /// <summary>What a schema stands for: itself, or what it refers to.</summary>
    public JsonObject Resolve(JsonObject schema)
        => (string?)schema["$ref"] is { } reference
            ? root["components"]!["schemas"]![reference[Reference.Length..]]!.AsObject()
            : schema;

    private static IEnumerable<ApiOperation> ReadOperations(JsonObject root)
    {
        foreach ((string path, JsonNode? item) in root["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                yield return new ApiOperation(method.ToUpperInvariant(), path, operation!.AsObject());
            }
        }
    }
}
