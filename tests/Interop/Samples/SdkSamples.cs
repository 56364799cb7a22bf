using ProtoBridgeMQ.Tests.Interop.Clients;
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

    [FactWhen(Needs.PostgreSql)]
    public async Task The_transactional_one_delivers_what_PostgreSQL_committed_and_nothing_else()
    {
        await using PostgresServer database = await PostgresServer.StartAsync();
        (int code, string output) = await RunAsync("transactional", database.ConnectionString);
        Assert.True(code == 0, output);
        Assert.Contains("order-1: Commit, order-2: Rollback", output, StringComparison.Ordinal);
        Assert.Contains("delivered: order-1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_transactional_one_says_so_when_it_knows_no_PostgreSQL_server()
    {
        (int code, string output) = await RunAsync("transactional", database: string.Empty);
        Assert.True(code == 0, output);
        Assert.Contains("skipped: PROTOBRIDGE_POSTGRES", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(string sample, string? database = null)
    {
        string program = Path.Combine(BuiltProgram.Root, "samples", "sdk", "bin", BuiltProgram.Configuration, "net10.0", "ProtoBridgeMQ.SdkSamples.dll");
        var environment = new Dictionary<string, string> { ["PROTOBRIDGE_POSTGRES"] = database ?? string.Empty };
        await using ChildProcess process = ChildProcess.Start("dotnet", [program, sample, running.Process.NameServer], environment, BuiltProgram.Root);
        int code = await process.ExitAsync(TimeSpan.FromSeconds(90));
        return (code, process.Output);
    }
}
