using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>
/// A gateway with something on every page: topics with messages, a group that is behind and has dead letters, connected
/// clients, a session, retained messages; and a browser.
/// </summary>
public sealed class FilledGateway : IAsyncLifetime
{
    public const string Topic = "orders";
    public const string Group = "billing";
    public const string Session = "session-of-a-device";
    public const string Retained = "plant/boiler/temperature";

    /// <summary>What nobody may ever run: each text says which field it stood in.</summary>
    public const string Script = "<img src=x onerror=\"window.harmed='{0}'\"><script>window.harmed='{0}'</script>'; DROP TABLE orders; --";

    private GatewayProcess? _process;
    private MosquittoSubscription? _device;

    /// <summary>The browser.</summary>
    public Browser Browser { get; } = new();

    /// <summary>The process.</summary>
    public GatewayProcess Process => _process ?? throw new InvalidOperationException("The gateway was not started.");

    /// <summary>Id of a message of <see cref="Topic"/>.</summary>
    public string MessageId { get; private set; } = string.Empty;

    /// <summary>Id of a message that is full of script.</summary>
    public string HostileId { get; private set; } = string.Empty;

    internal Task<Tab> OpenAsync(TabSettings? settings = null) => Browser.OpenAsync(Process.Http, settings);

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (FactWhenAttribute.Missing([Needs.Chromium, Needs.Axe, Needs.Mosquitto]) is not null)
        {
            return;
        }

        _process = await GatewayProcess.StartAsync();
        using var rest = new Rest(_process);
        await PublishAsync(rest);
        await FailAsync(rest);
        _device = await Mosquitto.SubscribeAsync(_process, "plant/#", "-V", "5", "-q", "1", "-i", Session, "-c", "-x", "3600");
        await Mosquitto.PublishAsync(_process, Retained, "{\"celsius\": 78.2}", "-q", "1", "-r");
        await Mosquitto.PublishAsync(_process, "hostile/" + Text("MQTT name").Replace('#', '-').Replace('+', '-'), Text("retained"), "-q", "1", "-r");
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        if (_device is not null)
        {
            await _device.DisposeAsync();
        }

        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    /// <summary>The hostile text for a field.</summary>
    public static string Text(string field) => Script.Replace("{0}", field, StringComparison.Ordinal);

    private async Task PublishAsync(Rest rest)
    {
        for (int i = 0; i < 24; i++)
        {
            MessageId = (string)(await rest.PublishAsync(Topic, $"tag=created&key=order-{i}", $"{{\"order\":{i},\"total\":{i * 3}}}", ("source", "shop")))["messageId"]!;
        }

        using HttpResponseMessage hostile = await rest.Client.PostAsync(
            new Uri($"v1/topics/{Topic}/messages", UriKind.Relative),
            JsonContent.Create(
                new { body = Text("body"), tag = Text("tag"), keys = new[] { Text("key").Replace(' ', '_') }, properties = new Dictionary<string, string> { ["note"] = Text("property") } },
                new System.Net.Http.Headers.MediaTypeHeaderValue("application/vnd.protobridge+json")));
        string answer = await hostile.Content.ReadAsStringAsync();
        Assert.True(hostile.IsSuccessStatusCode, answer);
        HostileId = (string)JsonNode.Parse(answer)!["messageId"]!;
    }

    /// <summary>Some messages handled, some given up, the others before the group.</summary>
    private static async Task FailAsync(Rest rest)
    {
        IReadOnlyList<JsonObject> handled = await rest.ReceiveAsync(Topic, Group, "max=5&wait=10s");
        await rest.AcknowledgeAsync([.. handled.Select(message => (string)message["receipt"]!)]);
        IReadOnlyList<JsonObject> given = await rest.ReceiveAsync(Topic, Group, "max=2&wait=10s");
        using HttpResponseMessage dead = await rest.Client.PostAsJsonAsync(
            new Uri("v1/receipts/dead-letter", UriKind.Relative), new { receipts = given.Select(message => (string)message["receipt"]!).ToArray() });
        Assert.True(dead.IsSuccessStatusCode, await dead.Content.ReadAsStringAsync());
    }
}
