using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>The REST interface, as a web developer calls it.</summary>
internal sealed class Rest(GatewayProcess gateway) : IDisposable
{
    /// <summary>For requests that are not below.</summary>
    public HttpClient Client { get; } = new() { BaseAddress = gateway.Http, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Publishes a raw body.</summary>
    /// <param name="topic">Topic.</param>
    /// <param name="query">What follows the question mark.</param>
    /// <param name="body">Body.</param>
    /// <param name="properties">User properties.</param>
    public async Task<JsonObject> PublishAsync(string topic, string query, string body, params (string Name, string Value)[] properties)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/topics/{topic}/messages?{query}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        foreach ((string name, string value) in properties)
        {
            request.Headers.Add($"X-Property-{name}", value);
        }

        using HttpResponseMessage response = await Client.SendAsync(request);
        return await ReadAsync(response);
    }

    /// <summary>Receives for a group.</summary>
    public async Task<IReadOnlyList<JsonObject>> ReceiveAsync(string topic, string group, string query)
    {
        using HttpResponseMessage response = await Client.PostAsync(new Uri($"v1/topics/{topic}/groups/{group}/receive?{query}", UriKind.Relative), null);
        JsonObject answer = await ReadAsync(response);
        return [.. answer["messages"]!.AsArray().Select(message => message!.AsObject())];
    }

    /// <summary>Acknowledges deliveries.</summary>
    public async Task<JsonObject> AcknowledgeAsync(params string[] receipts)
    {
        using HttpResponseMessage response = await Client.PostAsJsonAsync(new Uri("v1/receipts/ack", UriKind.Relative), new { receipts });
        return await ReadAsync(response);
    }

    /// <summary>Receives and acknowledges until so many came.</summary>
    public async Task<IReadOnlyList<JsonObject>> TakeAsync(string topic, string group, int count)
    {
        List<JsonObject> taken = [];
        while (taken.Count < count)
        {
            IReadOnlyList<JsonObject> messages = await ReceiveAsync(topic, group, "max=32&wait=10s");
            Assert.True(messages.Count > 0, $"{taken.Count} of {count} messages came\n{gateway.Output}");
            await AcknowledgeAsync([.. messages.Select(message => (string)message["receipt"]!)]);
            taken.AddRange(messages);
        }

        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();

    private async Task<JsonObject> ReadAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {text}\n{gateway.Output}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }
}
