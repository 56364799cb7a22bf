using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults.Disk;

/// <summary>A disk that is really full.</summary>
public sealed class FullDiskTests
{
    [FactOnSmallDisk]
    public async Task A_full_disk_answers_DiskFull_serves_reads_and_goes_on_with_room()
    {
        using var disk = new SmallDisk(8);
        var clock = new ManualClock();
        var accepted = new List<string>();
        await using (var store = Open(disk, clock))
        {
            await FillAsync(store, accepted);
            Assert.Equal(StoreCondition.DiskFull, store.State.Condition);
            disk.Grow(32);
            await AppendAgainAsync(store, clock, accepted);
            Assert.Equal(StoreCondition.Running, store.State.Condition);
            Assert.Equal(accepted, store.Bodies("topic", 0));
        }

        await using var again = Open(disk, clock);
        Assert.Empty(again.Repairs);
        Assert.Equal(accepted, again.Bodies("topic", 0));
    }

    [FactOnSmallDisk]
    public async Task A_disk_that_others_fill_refuses_new_queues_and_has_all_messages_later()
    {
        using var disk = new SmallDisk(16);
        var clock = new ManualClock();
        await using var store = Open(disk, clock);
        await store.WaitDurableAsync(store.Append("topic", 0, "first").End).Within("durable");
        await store.WaitDispatchedAsync().Within("dispatched");
        var other = Path.Combine(disk.Path, "other");
        FillRest(other);

        // The log has its blocks; the new queue's file does not get any.
        var result = store.Append("new topic", 0, "second");
        if (result.Status == AppendStatus.Appended)
            Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(result.End).Within("durable"));
        Assert.Equal(["first"], store.Bodies("topic", 0));
        Assert.NotEqual(StoreCondition.ReadOnly, store.State.Condition);
        File.Delete(other);
        var accepted = new List<string>();
        await AppendAgainAsync(store, clock, accepted);
        Assert.Equal(["first", .. accepted], store.Bodies("topic", 0));
        if (result.Status == AppendStatus.Appended)
            Assert.Equal(["second"], store.Bodies("new topic", 0));
    }

    /// <summary>A file system may have room for bytes and for no more files: making a directory or a file ends in the same error as a full disk.</summary>
    [FactOnSmallDisk]
    public async Task A_disk_without_room_for_one_more_file_keeps_new_queues_waiting_and_has_all_messages_later()
    {
        using var disk = new SmallDisk(16, files: 200);
        var clock = new ManualClock();
        await using var store = Open(disk, clock);
        await store.WaitDurableAsync(store.Append("topic", 0, "first").End).Within("durable");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.WriteCheckpoint());
        var others = TakeFiles(Path.Combine(disk.Path, "others"));
        Assert.Throws<DiskFullException>(() => PhysicalFileSystem.Instance.CreateDirectory(Path.Combine(disk.Path, "one more")));
        Assert.Throws<DiskFullException>(() => PhysicalFileSystem.Instance.Open(Path.Combine(disk.Path, "one more")));

        var result = store.Append("new topic", 0, "second");
        Assert.Equal(AppendStatus.Appended, result.Status);
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(result.End).Within("durable"));
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.WriteCheckpoint());
        Assert.NotEqual(StoreCondition.ReadOnly, store.State.Condition);
        others.ForEach(File.Delete);
        Assert.True(store.WriteCheckpoint());
        Assert.Equal(["second"], store.Bodies("new topic", 0));
        Assert.True(File.Exists(Path.Combine(disk.Path, "store", "consumequeue", "new topic", "0", "00000000000000000000")));
    }

    private static List<string> TakeFiles(string prefix)
    {
        var taken = new List<string>();
        try
        {
            while (true)
            {
                var path = $"{prefix}{taken.Count}";
                File.Create(path).Dispose();
                taken.Add(path);
            }
        }
        catch (IOException)
        {
            return taken;
        }
    }

    private static async Task FillAsync(MessageStore store, List<string> accepted)
    {
        while (true)
        {
            var body = $"{accepted.Count}:{new string('x', 9000)}";
            var result = store.Append("topic", 0, body);
            if (result.Status != AppendStatus.Appended)
            {
                Assert.Equal(AppendStatus.DiskFull, result.Status);
                return;
            }

            accepted.Add(body);
            Assert.True(accepted.Count < 10_000, "80 MB fitted on the disk");
            Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(result.End).Within("durable"));
        }
    }

    private static async Task AppendAgainAsync(MessageStore store, ManualClock clock, List<string> accepted)
    {
        AppendResult result = default;
        await Eventually.True(() =>
        {
            clock.Advance(store.Options.DiskFullRetryInterval);
            result = store.Append("topic", 0, "after");
            return result.Status == AppendStatus.Appended;
        });
        accepted.Add("after");
        Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(result.End).Within("durable"));
        var wait = store.WaitDispatchedAsync().AsTask();
        await Eventually.True(() =>
        {
            clock.Advance(store.Options.DiskFullRetryInterval);
            return wait.IsCompleted;
        });
    }

    private static void FillRest(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // That is what was wanted.
        }
    }

    private static MessageStore Open(SmallDisk disk, ManualClock clock)
    {
        var options = StoreKit.Small(Path.Combine(disk.Path, "store"));
        options.SegmentSize = 1 << 20;
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.RefuseWatermark = 1;
        return MessageStore.Open(options, time: clock);
    }
}
