using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Tests.Store.Faults;
using static ProtoBridgeMQ.Tests.Store.LightQueues.LightQueueTests;

namespace ProtoBridgeMQ.Tests.Store.LightQueues;

/// <summary>A disk that refuses a flush of light queues: what it did not take, the kernel takes for clean, and it is not on the disk.</summary>
public sealed class RefusedLightQueueTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_catalogue_whose_beginning_the_disk_refused_is_begun_anew(bool power, bool flush)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var files = new FaultyFileSystem(seed);
            await using (var store = Open(files))
            {
                files.Add(new Fault(flush ? FileCall.Flush : FileCall.Write, "catalogue", times: 1));
                Assert.NotEqual(LightQueueStatus.Done, store.LightQueues.Create("n1", out _));
                files.Crash(power, seed);
            }

            await using (var again = Open(files))
            {
                Assert.Equal(LightQueueStatus.Done, again.LightQueues.Create("n2", out _));
                Assert.True(again.WriteCheckpoint());
                files.Crash(powerLoss: true, seed);
            }

            await using var last = Open(files);
            Assert.NotEqual(LightQueueId.None, last.LightQueues.Find("n2"));
        }
    }

    /// <summary>It would have its size and no blocks: after a clean stop a write into its mapping would end the process, where the disk is still full.</summary>
    [Fact]
    public void A_file_that_there_was_no_room_for_does_not_stay()
    {
        var files = new FaultyFileSystem(1);
        using var heads = new LightQueueHeads(files, "/heads");
        using var arena = new LightQueueArena(files, "/arena", 64 << 10, 1 << 20);
        files.Capacity = 16 << 10;
        Assert.Throws<DiskFullException>(() => heads.Reserve(0));
        Assert.Throws<DiskFullException>(() => arena.Take());
        Assert.Empty(files.Paths);
        files.MakeRoom();
        heads.Reserve(0);
        Assert.Equal(1, arena.Take());
    }

    [Fact]
    public async Task Heads_do_not_lead_to_blocks_that_the_disk_refused()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var files = new FaultyFileSystem(seed);
            await using (var store = Open(files))
            {
                Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n1", out _));
                Assert.True(store.WriteCheckpoint());
                await AppendAsync(store, 0, 40);
                files.Add(new Fault(FileCall.Flush, "blocks", times: 1));
                Assert.False(store.WriteCheckpoint());
                // The disk takes everything again, and so would the kernel; but what it refused it does not write by itself.
                Assert.False(store.WriteCheckpoint());
                files.Crash(powerLoss: true, seed);
            }

            await using var last = Open(files);
            Assert.Equal(Enumerable.Range(0, 40), Bodies(last, last.LightQueues.Find("n1")));
        }
    }

    [Fact]
    public async Task A_queue_whose_record_the_disk_refused_is_on_the_disk_once_somebody_was_told_of_it()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var files = new FaultyFileSystem(seed);
            await using (var store = Open(files))
            {
                Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n1", out _));
                Assert.True(store.WriteCheckpoint());
                files.Add(new Fault(FileCall.Flush, "catalogue", times: 1));
                Assert.NotEqual(LightQueueStatus.Done, store.LightQueues.Create("n2", out _));
                files.Crash(powerLoss: false);
            }

            // The kernel believes that the disk has what it refused: whoever reads it sees it.
            await using (var again = Open(files))
            {
                Assert.Equal(LightQueueStatus.Done, again.LightQueues.Create("n2", out _));
                files.Crash(powerLoss: true, seed);
            }

            await using var last = Open(files);
            Assert.NotEqual(LightQueueId.None, last.LightQueues.Find("n1"));
            Assert.NotEqual(LightQueueId.None, last.LightQueues.Find("n2"));
        }
    }

    [Fact]
    public async Task Heads_that_the_disk_refused_are_on_the_disk_before_the_next_checkpoint_after_a_kill_relies_on_them()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var files = new FaultyFileSystem(seed);
            await using (var store = Open(files))
            {
                Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n1", out _));
                Assert.True(store.WriteCheckpoint());
                await AppendAsync(store, 0, 5);

                // The first flush is that of what is known of all queues together.
                files.Add(new Fault(FileCall.Flush, "heads", skip: 1, times: 1));
                Assert.False(store.WriteCheckpoint());
                files.Crash(powerLoss: false);
            }

            // The heads are in the page cache, and the kernel takes them for clean.
            await using (var again = Open(files))
            {
                Assert.True(again.WriteCheckpoint());
                files.Crash(powerLoss: true, seed);
            }

            await using var last = Open(files);
            Assert.Equal(Enumerable.Range(0, 5), Bodies(last, last.LightQueues.Find("n1")));
        }
    }
}
