using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>RocketMQ's message trace of what passes the gateway, and logs for machines.</summary>
public sealed class TracesAndLogs
{
    [Fact]
    public async Task What_passes_the_gateway_is_in_the_message_trace_when_asked_for()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = """{ "messageTrace": { "enabled": true } }""" });
        using var rest = new Rest(gateway);
        string id = (string)(await rest.PublishAsync("followed", "tag=t&key=order-1", "x"))["messageId"]!;
        await rest.TakeAsync("followed", "followers", 1);

        await using var cluster = new ClusterConnection(new ClientOptions { NameServers = gateway.NameServer });
        await using var reader = new Reader(cluster, new ReaderOptions());
        var lines = new List<string[]>();
        using var patience = new CancellationTokenSource(Waiting.Patience);
        await foreach (ReceivedMessage record in reader.ReadAsync("RMQ_SYS_TRACE_TOPIC", ReadFrom.Beginning, patience.Token))
        {
            Assert.Contains("order-1", record.Keys!.Split(' '));
            Assert.Contains(id, record.Keys!.Split(' '));
            lines.AddRange(Encoding.UTF8.GetString(record.Body.Span).Split('\u0002', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\u0001')));
            if (lines.Select(line => line[0]).Distinct().Count() == 3)
            {
                break;
            }
        }

        string[] published = Assert.Single(lines, line => line[0] == "Pub");
        Assert.Equal(14, published.Length);
        Assert.Equal(["PROTOBRIDGE_GATEWAY", "followed", id, "t", "order-1"], published[3..8]);
        Assert.Equal("true", published[13]);
        string[] before = Assert.Single(lines, line => line[0] == "SubBefore");
        Assert.Equal(["followers", id], [before[3], before[5]]);
        string[] after = Assert.Single(lines, line => line[0] == "SubAfter");
        Assert.Equal([before[4], id, "true", "followers"], [after[1], after[2], after[4], after[8]]);
        string shown = await rest.Client.GetStringAsync(new Uri($"v1/messages/{id}/trace", UriKind.Relative));
        Assert.Contains("PROTOBRIDGE_GATEWAY", shown, StringComparison.Ordinal);
        Assert.Contains("\"handled\"", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_written_to_the_message_trace_unless_asked_for()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        using var rest = new Rest(gateway);
        const string TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        using (var request = new HttpRequestMessage(HttpMethod.Post, "v1/topics/unfollowed/messages") { Content = new ByteArrayContent("x"u8.ToArray()) })
        {
            request.Headers.Add("traceparent", TraceParent);
            using HttpResponseMessage answer = await rest.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        // Without a collector the context goes with the message as it came.
        JsonObject received = (await rest.TakeAsync("unfollowed", "nobody", 1))[0];
        Assert.Equal(TraceParent, (string?)received["properties"]!["traceparent"]);
        await using var cluster = new ClusterConnection(new ClientOptions { NameServers = gateway.NameServer });
        Assert.DoesNotContain("RMQ_SYS_TRACE_TOPIC", await new AdminClient(cluster).ListTopicsAsync());
    }

    [Fact]
    public async Task With_JSON_logs_every_line_is_an_object()
    {
        using var directory = new TempDirectory("json-log");
        await using ChildProcess gateway = ChildProcess.Start(
            "dotnet",
            [GatewayProgram.Path, "--data", directory["data"], "--http-port", "any", "--mqtt-port", "any", "--namesrv-port", "any", "--broker-port", "any", "--log-format", "json"],
            new Dictionary<string, string> { ["PROTOBRIDGE_NO_SUCH_SETTING"] = "1" },
            directory.Path);
        await gateway.LineAsync(
            line => line.Contains("\"EventId\":7951", StringComparison.Ordinal) && line.Contains("PROTOBRIDGE_NO_SUCH_SETTING", StringComparison.Ordinal), "the variable that is no setting");
        string ready = await gateway.LineAsync(line => line.Contains("\"EventId\":7950", StringComparison.Ordinal), "that it is ready");
        JsonNode state = JsonNode.Parse(ready)!["State"]!;
        Assert.Equal("fsync", (string?)state["Durability"]);
        Assert.StartsWith("127.0.0.1:", (string?)state["Http"], StringComparison.Ordinal);
        gateway.Terminate();
        Assert.Equal(0, await gateway.ExitAsync());
        Assert.All(gateway.Lines, line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }
}
