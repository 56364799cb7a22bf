using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Cli;

/// <summary>What people see: tables, errors in one line, exit codes, completion.</summary>
public sealed class ForPeople(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;
    private readonly Pbmq _pbmq = new(running.Process);

    [Theory]
    [InlineData(2, "nonsense")]
    [InlineData(2, "completion", "csh")]
    [InlineData(2, "publish", "a topic", "x")]
    [InlineData(2, "publish", "people", "x", "--property", "nothing")]
    [InlineData(2, "publish", "people", "x", "--delay", "soon")]
    [InlineData(2, "topics", "delete", "people")]
    [InlineData(2, "reset", "g", "people")]
    [InlineData(2, "subscribe", "people", "--filter", "a", "--sql", "b > 1")]
    [InlineData(2, "bench", "--messages", "0")]
    [InlineData(2, "topics", "--timeout", "never")]
    [InlineData(3, "topics", "--namesrv", "127.0.0.1:1")]
    [InlineData(4, "topics", "show", "nowhere")]
    [InlineData(4, "groups", "show", "nobody")]
    [InlineData(4, "lag", "nobody")]
    [InlineData(6, "subscribe", "nowhere", "-n", "1", "--wait", "100ms")]
    public async Task A_failure_is_one_line_and_a_number(int code, params string[] arguments)
    {
        (int ended, string output) = await _pbmq.RunAsync(arguments);
        Assert.True(ended == code, $"ended with {ended}\n{output}");
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_does_not_steer_the_terminal()
    {
        using var rest = new Rest(_gateway);
        await rest.PublishAsync("escapes", "tag=a", "\u001b[2Jcleared\u0007");
        string line = await _pbmq.DoAsync("subscribe", "escapes", "--from", "beginning", "-n", "1");
        Assert.DoesNotContain('\u001b', line);
        Assert.Contains("\\u001b[2Jcleared\\u0007", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_have_the_names_and_the_numbers()
    {
        await _pbmq.DoAsync("publish", "tables", "x");
        string topics = await _pbmq.DoAsync("topics");
        Assert.Contains("messages", topics, StringComparison.Ordinal);
        Assert.Contains("tables", topics, StringComparison.Ordinal);
        Assert.Contains("broker-a", await _pbmq.DoAsync("topics", "show", "tables"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_goes_on_until_it_is_ended_and_then_leaves_its_group()
    {
        await _pbmq.DoAsync("topics", "create", "live", "--queues", "1");
        await using ChildProcess watching = _pbmq.Start("subscribe", "live", "--group", "watchers", "--from", "beginning");
        await _pbmq.DoAsync("publish", "live", "news of today");
        await watching.LineAsync(line => line.Contains("news of today", StringComparison.Ordinal), "the message");
        watching.Terminate();
        Assert.Equal(0, await watching.ExitAsync());
        Assert.Equal(0, (long)(await _pbmq.AskAsync("lag", "watchers")).AsArray().Single(lag => (string)lag!["topic"]! == "live")!["lag"]!);
    }

    [Fact]
    public async Task Bash_completes_the_words()
    {
        string script = $"""
            pbmq() ( exec dotnet '{Pbmq.Path}' "$@" )
            eval "$(pbmq completion bash)"
            COMP_LINE='pbmq topics cr'; COMP_POINT=14; COMP_WORDS=(pbmq topics cr); COMP_CWORD=2; _pbmq; echo "found: $COMPREPLY"
            """;
        await using ChildProcess bash = ChildProcess.Start("bash", ["-c", script], _pbmq.Environment);
        Assert.Equal("found: create", await bash.LineAsync(line => line.StartsWith("found:", StringComparison.Ordinal), "what it completes"));
    }

    [Theory]
    [InlineData("zsh", "compdef _pbmq pbmq")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Other_shells_have_a_script(string shell, string has)
        => Assert.Contains(has, await _pbmq.DoAsync("completion", shell), StringComparison.Ordinal);

    [Fact]
    public async Task Doctor_says_what_is_wrong_and_what_to_do()
    {
        var lost = new Pbmq("127.0.0.1:1", new Uri("http://127.0.0.1:1/"));
        (int code, string output) = await lost.RunAsync("doctor", "--mqtt", "127.0.0.1:1");
        Assert.Equal(5, code);
        Assert.Contains("nobody listens there", output, StringComparison.Ordinal);
        Assert.Contains("Start the name server", output, StringComparison.Ordinal);
        Assert.Contains("Start the gateway", output, StringComparison.Ordinal);

        var wrongPort = new Pbmq($"127.0.0.1:{_gateway.Ports.Http}", _gateway.Http);
        (code, output) = await wrongPort.RunAsync("doctor", "--mqtt", "none", "--timeout", "1s");
        Assert.Equal(5, code);
        Assert.Contains("does not answer as a name server", output, StringComparison.Ordinal);
    }
}
