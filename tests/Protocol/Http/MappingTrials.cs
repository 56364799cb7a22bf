using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Mapping rules of a settings file, seen through <c>/v1/mapping/try</c>.</summary>
public sealed class MappingTrials
{
    private const string Telemetry = """{ "name": "telemetry", "mqtt": "{site}/{device}/telemetry/{metric}", "topic": "telemetry", "tag": "{metric}", "key": "{device}" }""";

    [Fact]
    public async Task A_trial_says_where_a_name_would_go_and_why()
    {
        using var directory = new TempDirectory();
        string file = Write(directory, Telemetry);
        await using GatewayHost host = await StartAsync(file, new ManualClock());
        using var client = new HttpClient { BaseAddress = host.Endpoints.HttpAddress };
        JsonNode ruled = await TryAsync(client, """{"mqttTopic":"s1/d7/telemetry/temp"}""");
        Assert.Equal(
            """{"mqttTopic":"s1/d7/telemetry/temp","topic":"telemetry","tag":"temp","key":"d7","rule":"telemetry","why":"Rule telemetry is the first that takes this name: {site}/{device}/telemetry/{metric}."}""",
            ruled.ToJsonString());
        JsonNode plain = await TryAsync(client, """{"mqttTopic":"s1/d7"}""");
        Assert.Equal("""{"mqttTopic":"s1/d7","topic":"s1","tag":"d7","why":"By the default mapping: none of the 1 rules takes this name."}""", plain.ToJsonString());
        JsonNode back = await TryAsync(client, """{"topic":"telemetry","tag":"temp","key":"d7"}""");
        Assert.Equal("telemetry/temp", (string?)back["mqttTopic"]);
    }

    [Theory]
    [InlineData("{}", "invalid-request")]
    [InlineData("""{"mqttTopic":"a","topic":"a"}""", "invalid-request")]
    [InlineData("""{"mqttTopic":"a","tag":"a"}""", "invalid-request")]
    [InlineData("""{"mqttTopic":1}""", "malformed-json")]
    [InlineData("""{"mqtt":"a"}""", "malformed-json")]
    [InlineData("[]", "malformed-json")]
    [InlineData("""{"mqttTopic":"a/+"}""", "topic-invalid")]
    [InlineData("""{"mqttTopic":""}""", "topic-invalid")]
    [InlineData("""{"topic":"a.b"}""", "topic-invalid")]
    public async Task An_impossible_trial_is_refused(string json, string problem)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using HttpResponseMessage answer = await host.PostAsync("/v1/mapping/try", json, "application/json");
        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, problem);
    }

    [Fact]
    public async Task Rules_that_are_wrong_keep_the_gateway_from_starting_and_all_of_them_are_said()
    {
        using var directory = new TempDirectory();
        string file = Write(directory, """{ "mqtt": "a/#", "topic": "t" }""", """{ "mqtt": "a/{b}", "topic": "t", "tag": "{c}" }""");
        GatewayStartException refusal = await Assert.ThrowsAsync<GatewayStartException>(() => StartAsync(file, new ManualClock()));
        Assert.Equal(GatewayStartException.WrongUsage, refusal.ExitCode);
        Assert.Contains("rule 1: mqtt has a wildcard", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("rule 2: tag: the variable c is not in mqtt", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "mapping": [] }""", "mapping must be an object")]
    [InlineData("""{ "mapping": { "rules": {} } }""", "mapping.rules must be an array")]
    [InlineData("""{ "mapping": { "rulez": [] } }""", "mapping.rulez is no setting")]
    [InlineData("""{ "mapping": { "rules": [ 1 ] } }""", "rule 1 must be an object")]
    [InlineData("""{ "mapping": { "rules": [ { "mqtt": 1 } ] } }""", "rule 1: mqtt must be a text")]
    [InlineData("""{ "mapping": { "rules": [ { "filter": "x" } ] } }""", "rule 1: filter is no setting")]
    public async Task What_is_no_rule_is_said(string json, string reason)
    {
        using var directory = new TempDirectory();
        string file = Path.Combine(directory.Path, "gateway.json");
        await File.WriteAllTextAsync(file, json);
        GatewayStartException refusal = await Assert.ThrowsAsync<GatewayStartException>(() => StartAsync(file, new ManualClock()));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    [SuppressMessage("Design", "CA1849", Justification = "The file is written at once.")]
    public async Task A_file_that_changes_is_in_force_after_it_rested_and_a_bad_one_changes_nothing()
    {
        using var directory = new TempDirectory();
        string file = Write(directory, Telemetry);
        var clock = new ManualClock();
        await using GatewayHost host = await StartAsync(file, clock);
        using var client = new HttpClient { BaseAddress = host.Endpoints.HttpAddress };

        Write(directory, Telemetry.Replace("\"telemetry\", \"tag\"", "\"elsewhere\", \"tag\"", StringComparison.Ordinal));
        await ShowsAsync(client, clock, "elsewhere", "loaded", 1);

        await File.WriteAllTextAsync(file, "{ \"mapping\": ");
        int refused = await ShowsAsync(client, clock, "elsewhere", "refused", 1);
        Write(directory, """{ "mqtt": "a/{b}", "topic": "%DLQ%x" }""");
        await ShowsAsync(client, clock, "elsewhere", "refused", refused + 1);

        Write(directory);
        await ShowsAsync(client, clock, "s1", "loaded", 2);
    }

    /// <summary>Waits for a count of reloads; one write of a file may be told, and read, more than once.</summary>
    private static async Task<int> ShowsAsync(HttpClient client, ManualClock clock, string topic, string result, int atLeast)
    {
        int count = 0;
        string name = $"protobridge_mapping_reloads_total{{result=\"{result}\"}} ";
        // The watch tells when the system wants; the clock is moved until it did.
        await Eventually.TrueAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                string metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
                string? line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
                count = line is null ? 0 : int.Parse(line.AsSpan(name.Length), CultureInfo.InvariantCulture);
                return count >= atLeast;
            },
            $"{atLeast} reloads were counted as {result}");
        Assert.Equal(topic, (string?)(await TryAsync(client, """{"mqttTopic":"s1/d7/telemetry/temp"}"""))["topic"]);
        return count;
    }

    private static string Write(TempDirectory directory, params string[] rules)
    {
        string file = Path.Combine(directory.Path, "gateway.json");
        File.WriteAllText(file, $$"""{ "mapping": { "rules": [ {{string.Join(", ", rules)}} ] } }""");
        return file;
    }

    private static async Task<JsonNode> TryAsync(HttpClient client, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/mapping/try", UriKind.Relative), content).Within("the answer to a trial");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    private static Task<GatewayHost> StartAsync(string file, ManualClock clock)
        => GatewayHost.StartAsync(
            new GatewayOptions { MqttPort = GatewayOptions.Off, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off, HttpPort = GatewayOptions.Any },
            new GatewaySetup { Bridge = new FakeBridge(clock), Clock = clock, Log = NullLoggerProvider.Instance, File = file });
}
