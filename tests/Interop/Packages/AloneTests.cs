using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Packages;

/// <summary>
/// The samples of the SDK as programs that bring their own runtime, published and run by <c>eng/aot.sh</c>. Compiled ahead of time only where
/// PROTOBRIDGE_ALONE is set, as that takes minutes.
/// </summary>
public sealed class AloneTests(RunningGateway running) : IClassFixture<RunningGateway>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [FactWhen(Needs.RuntimePack)]
    public Task Trimmed_they_are_published_without_a_warning_and_run() => RunAsync("trimmed");

    [FactWhen(Needs.NativeAot)]
    public Task Compiled_ahead_of_time_they_are_published_without_a_warning_and_run() => RunAsync("native");

    private async Task RunAsync(string how)
    {
        var environment = new Dictionary<string, string> { ["NAMESRV"] = running.Process.NameServer };
        await using ChildProcess script = ChildProcess.Start("bash", ["eng/aot.sh", how], environment, BuiltProgram.Root);
        int code = await script.ExitAsync(Patience);
        Assert.True(code == 0, script.Output);
        Assert.Contains("every sample ran", script.Output, StringComparison.Ordinal);
    }
}
