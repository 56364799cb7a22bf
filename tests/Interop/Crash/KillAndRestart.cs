using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>A short run of what <c>eng/kill9.sh</c> does for twenty rounds.</summary>
public sealed class KillAndRestart
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_doubled_or_out_of_order_when_the_process_is_killed()
    {
        using var report = new StringWriter();

        IReadOnlyList<string> faults = await new KillNine(rounds: 3, Seeded.NextSeed(), report).RunAsync();

        Assert.True(faults.Count == 0, report.ToString());
    }
}
