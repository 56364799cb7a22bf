using System.Globalization;
using System.Text.Json.Nodes;

namespace ProtoBridgeMQ.Tests.Support.OpenApi;

/// <summary>An operation of the document.</summary>
public sealed class ApiOperation
{
    private readonly JsonObject _responses;

    /// <summary>Reads it.</summary>
    public ApiOperation(string method, string path, JsonObject operation)
    {
        Method = method;
        Path = path;
        _responses = operation["responses"]!.AsObject();
        Parameters = [.. (operation["parameters"]?.AsArray() ?? []).Select(static parameter => ApiParameter.Of(parameter!.AsObject()))];
        Bodies = [.. (operation["requestBody"]?["content"]?.AsObject() ?? []).Select(static body => new ApiBody(body.Key, body.Value!["schema"]!.AsObject(), body.Value["example"]))];
    }

    /// <summary>Method, in capitals.</summary>
    public string Method { get; }

    /// <summary>Path with <c>{names}</c>.</summary>
    public string Path { get; }

    /// <summary>Parameters of path and query.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; }

    /// <summary>Bodies that it takes.</summary>
    public IReadOnlyList<ApiBody> Bodies { get; }

    /// <summary>Whether some 2xx is documented, and not only an upgrade.</summary>
    public bool CanSucceed => _responses.Any(static response => response.Key.StartsWith('2'));

    /// <summary>Whether the answer goes on for ever.</summary>
    public bool IsStream => Schema(200, "text/event-stream") is not null;

    /// <summary>Whether it answers with that status at all.</summary>
    public bool Answers(int status) => _responses.ContainsKey(Key(status));

    /// <summary>Whether an answer of that status has no body.</summary>
    public bool IsEmpty(int status) => _responses[Key(status)]?["content"] is null;

    /// <summary>The schema of an answer; null when it is not documented.</summary>
    public JsonObject? Schema(int status, string contentType) => _responses[Key(status)]?["content"]?[contentType]?["schema"]?.AsObject();

    /// <summary>Problem types that are documented for a status, by the last part of their <c>type</c>.</summary>
    public IReadOnlyCollection<string> Problems(int status)
        => [.. (_responses[Key(status)]?["content"]?["application/problem+json"]?["examples"]?.AsObject() ?? []).Select(static example => example.Key)];

    /// <inheritdoc/>
    public override string ToString() => $"{Method} {Path}";

    private static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A parameter.</summary>
/// <param name="Name">Name.</param>
/// <param name="IsInPath">In the path, else in the query.</param>
/// <param name="Example">The example; null for none.</param>
public sealed record ApiParameter(string Name, bool IsInPath, string? Example)
{
    internal static ApiParameter Of(JsonObject parameter) => new((string)parameter["name"]!, (string?)parameter["in"] == "path", (string?)parameter["example"]);
}

/// <summary>A body that an operation takes.</summary>
/// <param name="ContentType">Its content type.</param>
/// <param name="Schema">Its schema.</param>
/// <param name="Example">The example; null for none.</param>
public sealed record ApiBody(string ContentType, JsonObject Schema, JsonNode? Example)
{
    /// <summary>Whether it is JSON.</summary>
    public bool IsJson => ContentType.EndsWith("json", StringComparison.Ordinal);

    /// <summary>The example as it is sent.</summary>
    public string Text => IsJson ? Example!.ToJsonString() : (string?)Example ?? string.Empty;
}
