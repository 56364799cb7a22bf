using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.OpenApi;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>What is said in one request.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="What">The request in words, for failures.</param>
internal sealed record ContractCall(ApiOperation Operation, string What)
{
    /// <summary>Values of path parameters, as they are to be escaped.</summary>
    public IReadOnlyDictionary<string, string> Path { get; init; } = new Dictionary<string, string>();

    /// <summary>The query, escaped; empty for none.</summary>
    public string Query { get; init; } = string.Empty;

    /// <summary>The body; null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Its content type.</summary>
    public string? ContentType { get; init; }

    /// <summary>A header more.</summary>
    public (string Name, string Value)? Header { get; init; }
}

/// <summary>Makes requests and says what in their answers the document does not say.</summary>
internal sealed class ContractCalls(Uri server, ApiDocument document) : IDisposable
{
    private const string ProblemType = "application/problem+json";
    private const string TypePrefix = "urn:protobridge:problem:";

    private readonly SchemaCheck _schemas = new(document);

    // Large bodies are refused by their announced length before any of them is sent.
    private readonly HttpClient _client = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(20), AllowAutoRedirect = false })
    {
        BaseAddress = server,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>What is wrong with answers so far.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Requests so far.</summary>
    public int Count { get; private set; }

    /// <summary>Makes a request.</summary>
    /// <returns>The status; 0 when there was no answer.</returns>
    public async Task<int> CallAsync(ContractCall call)
    {
        Count++;
        using HttpRequestMessage request = Request(call);
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            int status = (int)response.StatusCode;
            foreach (string error in await ErrorsAsync(call.Operation, status, response))
            {
                Violations.Add($"{call.Operation} with {call.What}: {status}: {error}");
            }

            return status;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            Violations.Add($"{call.Operation} with {call.What}: no answer: {failure.Message}");
            return 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static HttpRequestMessage Request(ContractCall call)
    {
        string path = call.Path.Aggregate(call.Operation.Path, static (text, value) => text.Replace($"{{{value.Key}}}", Uri.EscapeDataString(value.Value), StringComparison.Ordinal));
        var request = new HttpRequestMessage(new HttpMethod(call.Operation.Method), path + (call.Query.Length > 0 ? "?" + call.Query : string.Empty));
        if (call.Body is not null)
        {
            request.Content = new ByteArrayContent(call.Body);
            request.Headers.ExpectContinue = call.Body.Length > 1 << 20;
            if (call.ContentType is not null)
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(call.ContentType);
            }
        }

        if (call.Header is var (name, value) && !request.Headers.TryAddWithoutValidation(name, value))
        {
            (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task<IReadOnlyList<string>> ErrorsAsync(ApiOperation operation, int status, HttpResponseMessage response)
    {
        if (!operation.Answers(status))
        {
            return [$"the status is not documented; {await TextAsync(response)}"];
        }

        string? contentType = response.Content.Headers.ContentType?.MediaType;
        if (operation.IsEmpty(status))
        {
            return await TextAsync(response) is { Length: > 0 } more ? [$"a body that is not documented: {more}"] : [];
        }

        if (contentType is null || operation.Schema(status, contentType) is not { } schema)
        {
            return [$"content type {contentType} is not documented"];
        }

        if (contentType == "text/event-stream")
        {
            return [];
        }

        string text = await TextAsync(response);
        try
        {
            JsonNode body = JsonNode.Parse(text)!;
            return [.. _schemas.Errors(body, schema), .. contentType == ProblemType ? OfProblem(operation, status, body) : []];
        }
        catch (JsonException)
        {
            return [$"no JSON: {text}"];
        }
    }

    private static IEnumerable<string> OfProblem(ApiOperation operation, int status, JsonNode body)
    {
        string type = (string?)body["type"] ?? string.Empty;
        if (!type.StartsWith(TypePrefix, StringComparison.Ordinal) || !operation.Problems(status).Contains(type[TypePrefix.Length..]))
        {
            yield return $"the type {type} is not documented ({body["detail"]})";
        }

        if ((int?)body["status"] != status)
        {
            yield return $"the body says {body["status"]}";
        }

        if (status == (int)HttpStatusCode.InternalServerError)
        {
            yield return "the server failed";
        }
    }

    private static async Task<string> TextAsync(HttpResponseMessage response) => Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
}
