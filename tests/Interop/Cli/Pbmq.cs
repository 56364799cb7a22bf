using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Cli;

/// <summary>The built <c>pbmq</c>, as a user runs it.</summary>
internal sealed class Pbmq(string nameServer, Uri http)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public Pbmq(GatewayProcess gateway)
        : this(gateway.NameServer, gateway.Http)
    {
    }

    /// <summary>Where the program is.</summary>
    public static string Path { get; } = System.IO.Path.Combine(
        GatewayProgram.Root, "src", "Cli", "bin", AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "pbmq.dll");

    /// <summary>What it finds its cluster by.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["PBMQ_NAMESRV"] = nameServer, ["PBMQ_HTTP"] = http.ToString() };

    /// <summary>Starts it; for commands that go on.</summary>
    public ChildProcess Start(params string[] arguments) => ChildProcess.Start("dotnet", [Path, .. arguments], Environment);

    /// <summary>Runs it to its end.</summary>
    public async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using ChildProcess process = Start(arguments);
        process.CloseInput();
        int code = await process.ExitAsync(Patience);
        return (code, process.Output);
    }

    /// <summary>Runs a command that must succeed.</summary>
    public async Task<string> DoAsync(params string[] arguments)
    {
        (int code, string output) = await RunAsync(arguments);
        Assert.True(code == 0, $"pbmq {string.Join(' ', arguments)} ended with {code}\n{output}");
        return output;
    }

    /// <summary>Runs a command that must succeed, and reads its JSON.</summary>
    public async Task<JsonNode> AskAsync(params string[] arguments) => JsonNode.Parse(await DoAsync([.. arguments, "--json"]))!;
}
