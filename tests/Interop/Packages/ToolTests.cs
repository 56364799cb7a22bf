using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Packages;

/// <summary><c>pbmq</c> as a .NET tool, packed and installed by <c>eng/tool.sh</c>.</summary>
public sealed class ToolTests(RunningGateway running) : IClassFixture<RunningGateway>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task It_is_installed_from_its_package_and_publishes()
    {
        using var directory = new TempDirectory("tool");
        var environment = new Dictionary<string, string>
        {
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_HOME"] = directory["home"],
            ["PBMQ_NAMESRV"] = running.Process.NameServer,
        };
        // What the tests were built with is packed as it is.
        string[] pack = BuiltProgram.Configuration == "Release" ? ["--no-build"] : ["-p:RunAnalyzers=false"];
        await using (ChildProcess install = ChildProcess.Start("bash", [Path.Combine(BuiltProgram.Root, "eng", "tool.sh"), directory["tools"], .. pack], environment))
        {
            int code = await install.ExitAsync(Patience);
            Assert.True(code == 0, install.Output);
        }

        string program = Path.Combine(directory["tools"], "pbmq");
        Assert.True(File.Exists(program));
        await using ChildProcess publish = ChildProcess.Start(program, ["publish", "tools", "by the tool", "--json"], environment);
        publish.CloseInput();
        Assert.True(await publish.ExitAsync(Patience) == 0, publish.Output);
        Assert.Contains("\"messageId\"", publish.Output, StringComparison.Ordinal);
    }
}
