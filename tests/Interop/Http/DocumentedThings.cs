using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.OpenApi;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>What the examples of the document name, made, so that they have something to answer with.</summary>
internal sealed class DocumentedThings(Rest rest)
{
    private string? _message;
    private string? _webhook;

    /// <summary>Parameters of the query that have an example, or would wait for long.</summary>
    public static string Query(ApiOperation operation)
        => string.Join('&', operation.Parameters
            .Where(static parameter => !parameter.IsInPath && parameter.Example is not null)
            .Select(static parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Name == "wait" ? "100ms" : parameter.Example!)}"));

    /// <summary>Makes topic <c>sensors</c>, a group <c>g1</c> that has received of it, a retained message and a webhook.</summary>
    public async Task MakeAsync()
    {
        JsonObject published = await rest.PublishAsync("sensors", "tag=kitchen/temp&key=device-7", "21.5");
        _message = (string?)published["messageId"];
        await rest.PublishAsync("site1", "tag=dev7/state", "on", ("mqtt.retain", "1"));
        await rest.TakeAsync("sensors", "g1", 1);
        using HttpResponseMessage made = await rest.Client.PostAsJsonAsync(new Uri("v1/webhooks", UriKind.Relative), new { url = "http://127.0.0.1:9/", topic = "sensors", enabled = false });
        _webhook = (string?)(await made.Content.ReadFromJsonAsync<JsonObject>())!["id"];
    }

    /// <summary>The path parameters of an operation: what was made, or the examples.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PathAsync(ApiOperation operation)
    {
        var path = new Dictionary<string, string>();
        foreach (ApiParameter parameter in operation.Parameters.Where(static parameter => parameter.IsInPath))
        {
            path.Add(parameter.Name, await ValueAsync(operation.Path, parameter));
        }

        if (operation.Path == "/v1/topics/{topic}/request")
        {
            _ = ReplyAsync();
        }

        return path;
    }

    private async Task<string> ValueAsync(string path, ApiParameter parameter) => parameter.Name switch
    {
        "id" when path.StartsWith("/v1/webhooks", StringComparison.Ordinal) => _webhook!,
        "id" when path.StartsWith("/v1/messages", StringComparison.Ordinal) => _message!,
        "id" when path.StartsWith("/v1/transactions", StringComparison.Ordinal) => await BeginAsync(),
        "handle" => (string)(await rest.PublishAsync("sensors", "delay=1h", "later"))["recallHandle"]!,
        "replyTo" => await AskAsync(),
        _ => parameter.Example ?? throw new InvalidOperationException($"{path} has no example of {parameter.Name}."),
    };

    private async Task<string> BeginAsync()
    {
        using HttpResponseMessage begun = await rest.Client.PostAsync(new Uri("v1/topics/sensors/transactions?group=orders", UriKind.Relative), new StringContent("order"));
        return (string)(await begun.Content.ReadFromJsonAsync<JsonObject>())!["transactionId"]!;
    }

    /// <summary>Somebody waits for a reply.</summary>
    private async Task<string> AskAsync()
    {
        _ = rest.Client.PostAsync(new Uri("v1/topics/asked/request?timeout=20s", UriKind.Relative), new StringContent("?"));
        JsonObject request = (await rest.TakeAsync("asked", "answering", 1))[0];
        return (string)request["replyTo"]!;
    }

    /// <summary>Somebody replies to what is asked in <c>sensors</c>.</summary>
    private async Task ReplyAsync()
    {
        while (true)
        {
            foreach (JsonObject message in await rest.TakeAsync("sensors", "replying", 1))
            {
                if ((string?)message["replyTo"] is { } replyTo)
                {
                    using HttpResponseMessage replied = await rest.Client.PostAsync(new Uri("v1/replies/" + replyTo, UriKind.Relative), new StringContent("42"));
                    return;
                }
            }
        }
    }
}
