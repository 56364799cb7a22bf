using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Samples;

/// <summary>The samples of the SDK against the real process.</summary>
public sealed class SdkSamples(RunningGateway running) : IClassFixture<RunningGateway>
{
    [Theory]
    [InlineData("quickstart", "handled: Hello")]
    [InlineData("ordered", "order-3: placed > paid > packed > shipped")]
    [InlineData("request-reply", "12 squared is 144")]
    [InlineData("worker", "the sum is 10")]
    [InlineData("replay", "replayed: after 1, after 2, after 3")]
    public async Task It_ends_well_and_says_what_it_should(string sample, string says)
    {
        (int code, string output) = await RunAsync(sample);
        Assert.True(code == 0, output);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_transactional_one_runs_with_PostgreSQL_and_says_so_without()
    {
        bool hasServer = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PROTOBRIDGE_POSTGRES"));
        (int code, string output) = await RunAsync("transactional");
        Assert.True(code == 0, output);
        foreach (string says in hasServer ? ["order-1: Commit, order-2: Rollback", "delivered: order-1"] : new[] { "skipped: PROTOBRIDGE_POSTGRES" })
        {
            Assert.Contains(says, output, StringComparison.Ordinal);
        }
    }

    private async Task<(int Code, string Output)> RunAsync(string sample)
    {
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string program = Path.Combine(GatewayProgram.Root, "samples", "sdk", "bin", configuration, "net10.0", "ProtoBridgeMQ.SdkSamples.dll");
        await using ChildProcess process = ChildProcess.Start("dotnet", [program, sample, running.Process.NameServer], new Dictionary<string, string>(), GatewayProgram.Root);
        int code = await process.ExitAsync(TimeSpan.FromSeconds(90));
        return (code, process.Output);
    }
}
