using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>Two brokers in one directory would write over each other, whoever made them.</summary>
public sealed class LockTests
{
    [Fact]
    public async Task A_directory_in_which_Apache_RocketMQ_runs_is_refused()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var temp = new TempDirectory("lock");
        var path = temp["store"];
        Directory.CreateDirectory(path);
        await using (var holder = ChildProcess.Start("dotnet", [typeof(LockTests).Assembly.Location, "hold-lock", Path.Combine(path, "lock")]))
        {
            await holder.LineAsync(line => line == LockHolder.Held, "the lock is held");
            Assert.Contains("Another process", Assert.Throws<StoreUnusableException>(() => MessageStore.Open(StoreKit.Small(path))).Message, StringComparison.Ordinal);
            holder.CloseInput();
            await holder.ExitAsync();
        }

        await using var store = MessageStore.Open(StoreKit.Small(path));
    }
}
