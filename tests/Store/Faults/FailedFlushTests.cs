using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>What is left in the page cache when the disk refused it.</summary>
public sealed class FailedFlushTests
{
    /// <summary>
    /// A flush fails, the process is started again on the same machine: the page cache still has the messages that the
    /// disk does not, and calls them clean. Whatever the new process serves and acknowledges outlives a power cut.
    /// </summary>
    [Fact]
    public async Task What_is_found_after_a_failed_flush_and_a_restart_is_on_the_disk_before_it_is_served()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var first = Open(files);
            for (var i = 0; i < 5; i++)
                first.Append("topic", 0, $"before {i} {new string('x', 3000)}");
            Assert.Equal(DurabilityStatus.Durable, await first.WaitDurableAsync(first.Written).Within("durable"));
            files.FailFlush = true;
            for (var i = 0; i < 5; i++)
                first.Append("topic", 0, $"refused {i} {new string('y', 3000)}");
            Assert.Equal(DurabilityStatus.Failed, await first.WaitDurableAsync(first.Written).Within("failed"));
            files.Crash(powerLoss: false);
            await first.DisposeAsync();
            files.ClearFaults();

            var second = Open(files);
            second.Append("topic", 0, "after");
            Assert.Equal(DurabilityStatus.Durable, await second.WaitDurableAsync(second.Written).Within("durable"));
            await second.WaitDispatchedAsync().Within("dispatched");
            var seen = second.Bodies("topic", 0);
            files.Crash(powerLoss: true, seed);
            await second.DisposeAsync();

            await using var third = Open(files);
            Assert.Equal(seen, third.Bodies("topic", 0));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_append_after_a_start_maps_nothing(bool isClean)
    {
        var files = new FaultyFileSystem(1);
        var first = Open(files);
        first.Append("topic", 0, "first");
        if (isClean)
            await first.DisposeAsync();
        files.Crash(powerLoss: false);
        await first.DisposeAsync();

        await using var second = Open(files);
        var fault = files.Add(new Fault(FileCall.Map));
        Assert.Equal(AppendStatus.Appended, second.Append("topic", 0, "second").Status);
        Assert.Equal(0, fault.Hits);
    }

    private static MessageStore Open(FaultyFileSystem files)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return MessageStore.Open(options, new FaultyProcess(files));
    }
}
