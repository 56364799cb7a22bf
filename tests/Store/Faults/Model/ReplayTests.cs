using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>Histories that failed once, as they were printed.</summary>
public sealed class ReplayTests
{
    /// <summary>Heads of light queues that the disk refused were in the page cache after a kill, and trusted, and gone after the power cut.</summary>
    [Fact]
    public async Task A_flush_of_heads_that_fails_before_a_kill_and_a_power_cut()
    {
        for (var round = 0; round < 30; round++)
        {
            await History.RunAsync(
            [
                new MakeLightQueue(3), new Append(0, 53), new PowerCut(671193, FlushMode.Fsync), new PutAway(1000),
                new FailCalls(FileCall.Flush, "lightqueues", 3, 1), new Dispatch(), new Batch(3, 5), new WriteCheckpoint(), new Kill(FlushMode.Fsync), new Append(0, 509),
            ]);
        }
    }
}
