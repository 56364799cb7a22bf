using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>Mapping rules that are replaced by HTTP, in a process with a settings file.</summary>
public sealed class ManagedMapping
{
    private const string Settings = """
        {
          // Why the level is what it is.
          "logLevel": "information",
        }
        """;

    [Fact]
    public async Task Rules_are_in_force_at_once_and_after_a_restart_and_the_rest_of_the_file_stays()
    {
        using var files = new TempDirectory("mapping");
        string settings = files["gateway.json"];
        await File.WriteAllTextAsync(settings, Settings);
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Arguments = ["--config", settings] });
        using var client = new HttpClient { BaseAddress = gateway.Http };
        using HttpResponseMessage before = await client.GetAsync(new Uri("v1/mapping", UriKind.Relative));
        var rules = new { rules = new[] { new { name = "telemetry", mqtt = "{site}/{device}/telemetry/{metric}", topic = "telemetry", tag = "{metric}", key = "{device}" } } };

        using var late = new HttpRequestMessage(HttpMethod.Put, "v1/mapping") { Content = JsonContent.Create(rules) };
        late.Headers.TryAddWithoutValidation("If-Match", "\"other\"");
        Assert.Equal(412, (int)(await client.SendAsync(late)).StatusCode);
        Assert.Equal(400, (int)(await client.PutAsJsonAsync("v1/mapping", new { rules = new[] { new { mqtt = "{a", topic = "t" } } })).StatusCode);
        using HttpResponseMessage put = await client.PutAsJsonAsync("v1/mapping", rules);

        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        Assert.NotEqual(before.Headers.ETag, put.Headers.ETag);
        Assert.Equal("telemetry", await TopicOfAsync(client));
        string file = await File.ReadAllTextAsync(settings);
        Assert.Contains("// Why the level is what it is.", file, StringComparison.Ordinal);
        Assert.Equal("file", await SourceOfAsync(client, "logLevel"));

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        using var again = new HttpClient { BaseAddress = gateway.Http };
        Assert.Equal("telemetry", await TopicOfAsync(again));
    }

    private static async Task<string?> TopicOfAsync(HttpClient client)
    {
        using HttpResponseMessage tried = await client.PostAsJsonAsync("v1/mapping/try", new { mqttTopic = "s/d/telemetry/temp" });
        return (string?)JsonNode.Parse(await tried.Content.ReadAsStringAsync())!["topic"];
    }

    private static async Task<string?> SourceOfAsync(HttpClient client, string setting)
    {
        JsonNode found = JsonNode.Parse(await client.GetStringAsync(new Uri("v1/configuration?search=" + setting, UriKind.Relative)))!;
        return (string?)found["items"]!.AsArray().Single(one => (string?)one!["name"] == setting)!["source"];
    }
}
