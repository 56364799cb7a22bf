using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Cli;

/// <summary>What scripts read: the JSON of every command, against the real process.</summary>
public sealed class JsonAnswers(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;
    private readonly Pbmq _pbmq = new(running.Process);

    [Fact]
    public async Task Publish_says_where_the_message_is()
    {
        await _pbmq.DoAsync("topics", "create", "one", "--queues", "1");
        GoldenAnswer.AssertEqual("publish", await _pbmq.AskAsync("publish", "one", "hello", "--tag", "t", "--key", "a", "--key", "b", "-p", "unit=celsius"));
    }

    [Fact]
    public async Task Publish_of_lines_says_how_many()
    {
        using var file = new Support.TempDirectory("pbmq");
        await File.WriteAllLinesAsync(file["lines"], Enumerable.Range(0, 250).Select(i => $"line {i}"));
        GoldenAnswer.AssertEqual("publish-lines", await _pbmq.AskAsync("publish", "many", "--lines", "--file", file["lines"]));
        JsonNode topic = await _pbmq.AskAsync("topics", "show", "many");
        Assert.Equal(250, (long)topic["messages"]!);
    }

    [Fact]
    public async Task Subscribe_writes_a_line_for_each_message()
    {
        await _pbmq.DoAsync("topics", "create", "read", "--queues", "1");
        await _pbmq.DoAsync("publish", "read", "first", "--tag", "x", "--key", "k", "-p", "unit=celsius");
        await _pbmq.DoAsync("publish", "read", "second", "--tag", "y");
        string lines = await _pbmq.DoAsync("subscribe", "read", "--from", "beginning", "-n", "2", "--json");
        GoldenAnswer.AssertEqual("subscribe", new JsonArray([.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line))]));
        string filtered = await _pbmq.DoAsync("subscribe", "read", "--from", "beginning", "-n", "1", "--filter", "y");
        Assert.Contains("second", filtered, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_their_lag_and_resets()
    {
        await _pbmq.DoAsync("topics", "create", "work", "--queues", "1");
        foreach (string body in (string[])["one", "two", "three"])
        {
            await _pbmq.DoAsync("publish", "work", body);
        }

        await _pbmq.DoAsync("subscribe", "work", "--group", "workers", "--from", "beginning", "-n", "2");
        GoldenAnswer.AssertEqual("lag", await _pbmq.AskAsync("lag", "workers"));
        Assert.Equal(1, (await _pbmq.RunAsync("lag", "workers", "--over", "0")).Code);
        GoldenAnswer.AssertEqual("groups-show", await _pbmq.AskAsync("groups", "show", "workers"));
        JsonNode list = await _pbmq.AskAsync("groups", "list");
        GoldenAnswer.AssertEqual("groups-list", new JsonArray([.. list.AsArray().Where(group => (string)group!["group"]! == "workers").Select(group => group!.DeepClone())]));
        GoldenAnswer.AssertEqual("reset", await _pbmq.AskAsync("reset", "workers", "work", "--to", "beginning"));
        Assert.Equal(3, (long)(await _pbmq.AskAsync("lag", "workers"))[1]!["lag"]!);
        await _pbmq.DoAsync("reset", "workers", "work", "--queue", "broker-a/0", "--to", "1");
        Assert.Equal(2, (long)(await _pbmq.AskAsync("lag", "workers"))[1]!["lag"]!);
        await _pbmq.DoAsync("reset", "workers", "work", "--to", "-1h");
        await _pbmq.DoAsync("reset", "workers", "work", "--to", "end");
        Assert.Equal(0, (long)(await _pbmq.AskAsync("lag", "workers"))[1]!["lag"]!);
    }

    [Fact]
    public async Task Topics_and_groups_are_made_and_deleted()
    {
        GoldenAnswer.AssertEqual("topics-create", await _pbmq.AskAsync("topics", "create", "made", "--queues", "2"));
        GoldenAnswer.AssertEqual("topics-show", await _pbmq.AskAsync("topics", "show", "made"));
        JsonNode topics = await _pbmq.AskAsync("topics");
        GoldenAnswer.AssertEqual("topics-list", new JsonArray([.. topics.AsArray().Where(topic => (string)topic!["topic"]! == "made").Select(topic => topic!.DeepClone())]));
        GoldenAnswer.AssertEqual("topics-delete", await _pbmq.AskAsync("topics", "delete", "made", "--yes"));
        GoldenAnswer.AssertEqual("groups-create", await _pbmq.AskAsync("groups", "create", "made-group", "--max-retries", "3"));
        GoldenAnswer.AssertEqual("groups-delete", await _pbmq.AskAsync("groups", "delete", "made-group", "--yes"));
        Assert.Equal(4, (await _pbmq.RunAsync("groups", "show", "made-group")).Code);
    }

    [Fact]
    public async Task Dead_letters_are_listed_shown_and_resent()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("mail", "tag=t&key=k", "unreadable");
        JsonObject message = (await rest.ReceiveAsync("mail", "mailers", "max=1&wait=10s"))[0];
        using (HttpResponseMessage buried = await rest.Client.PostAsync(
            new Uri("v1/receipts/dead-letter", UriKind.Relative), new StringContent($$"""{"receipts":["{{message["receipt"]}}"]}""", null, "application/json")))
        {
            Assert.True(buried.IsSuccessStatusCode, await buried.Content.ReadAsStringAsync());
        }

        JsonNode list = await _pbmq.AskAsync("dlq", "list");
        GoldenAnswer.AssertEqual("dlq-list", list);
        JsonNode letters = await _pbmq.AskAsync("dlq", "show", "mailers");
        GoldenAnswer.AssertEqual("dlq-show", letters);
        Assert.Equal("unreadable", (string)letters[0]!["body"]!);
        string id = (string)letters[0]!["messageId"]!;
        Assert.Equal(4, (await _pbmq.RunAsync("dlq", "resend", "mailers", "--id", "unknown")).Code);
        GoldenAnswer.AssertEqual("dlq-resend", await _pbmq.AskAsync("dlq", "resend", "mailers", "--id", id));
        Assert.Equal("unreadable", (string?)(await rest.TakeAsync("mail", "mailers", 1))[0]["body"]);
    }

    [Fact]
    public async Task Bench_says_how_fast_it_was()
        => GoldenAnswer.AssertEqual("bench", await _pbmq.AskAsync("bench", "--topic", "speed", "-n", "500", "--size", "64", "--concurrency", "8", "--read"));

    [Fact]
    public async Task Doctor_finds_nothing_wrong_with_a_gateway_that_is_well()
        => GoldenAnswer.AssertEqual("doctor", await _pbmq.AskAsync("doctor", "--mqtt", $"127.0.0.1:{_gateway.Ports.Mqtt}"));
}
