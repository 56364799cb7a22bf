using System.Text;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults.KnownLosses;

/// <summary>Messages that NATS JetStream lost under test by others, by the number of the issue, replayed on this store.</summary>
public sealed class NatsLosses
{
    private const string Log = "/store/commitlog/00000000000000000000";
    private const int Messages = 6;

    /// <summary>
    /// One flipped bit in a block file made JetStream drop tens of thousands of acknowledged messages around it, before
    /// and after a restart. Here one bit costs at most the message that it is in, and it does not pass for a message:
    /// every single bit of a small log is tried. After a clean stop the store does not read its log, so the reader is the
    /// one who notices.
    /// </summary>
    [Fact]
    public async Task NATS_7549_a_single_bit_error_costs_at_most_the_message_it_is_in()
    {
        var (files, ends) = await FilledAsync(isClean: true);
        var sound = files.Paths.ToDictionary(path => path, files.Content);
        for (var at = 0; at < ends[^1]; at++)
        {
            var damaged = Restore(sound);
            damaged.FlipBit(Log, at, at % 8);
            var hit = ends.FindIndex(end => at < end);
            await using var store = Open(damaged);
            Assert.Equal([.. Enumerable.Range(0, Messages).Where(i => i != hit).Select(Body)], Served(store));
        }
    }

    /// <summary>
    /// The same after a crash, when the log is read: the damaged message is stepped over, the log does not end there, and
    /// all others are served.
    /// </summary>
    [Fact]
    public async Task NATS_7549_a_single_bit_error_is_never_taken_for_the_end_of_the_log()
    {
        var (files, ends) = await FilledAsync(isClean: false);
        var sound = files.Paths.ToDictionary(path => path, files.Content);
        for (var at = 0; at < ends[^2]; at++)
        {
            var damaged = Restore(sound);
            damaged.FlipBit(Log, at, at % 8);
            var hit = ends.FindIndex(end => at < end);
            await using var store = Open(damaged);
            Assert.Equal([.. Enumerable.Range(0, Messages).Where(i => i != hit).Select(Body)], Served(store));
            Assert.Contains(store.Repairs, repair => repair.Name == "DamagedRecord");
        }
    }

    /// <summary>
    /// By default JetStream acknowledged from the page cache and flushed every two minutes: a power cut took whatever had
    /// been acknowledged since. Here an acknowledgement comes after the flush by default, and every message that has one
    /// outlives a power cut at any moment.
    /// </summary>
    [Fact]
    public async Task NATS_7564_with_default_options_an_acknowledged_message_outlives_a_power_cut()
    {
        Assert.Equal(FlushMode.Fsync, new StoreOptions().FlushMode);
        for (var seed = 0; seed < 100; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = Open(files);
            for (var i = 0; i <= seed % 7; i++)
                Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(store.Append("topic", 0, Body(i)).End).Within("durable"));
            for (var i = 0; i < 5; i++)
                store.Append("topic", 0, "not acknowledged");
            files.Crash(powerLoss: true, seed);
            await store.DisposeAsync();
            await using var again = Open(files);
            Assert.Equal(Enumerable.Range(0, (seed % 7) + 1).Select(Body), again.Bodies("topic", 0).Take((seed % 7) + 1));
        }
    }

    /// <summary>A disk that confirms flushes and does not carry them out: messages are lost then, but none is altered, and the store opens or says why not.</summary>
    [Fact]
    public async Task NATS_7564_of_a_disk_that_lies_about_flushes_nothing_altered_is_served()
    {
        var refused = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var files = new FaultyFileSystem(seed);
            await using (var first = Open(files))
                first.Append("topic", 0, Body(0));
            var store = Open(files);
            files.FlushesLie = seed % 3 != 0;
            if (!files.FlushesLie)
                files.Add(new Fault(FileCall.Flush, "commitlog", effect: FaultEffect.Lie));
            for (var i = 1; i < 30; i++)
            {
                store.Append("topic", 0, Body(i));
                if (i == 20)
                    store.WriteCheckpoint();
            }

            await store.WaitDurableAsync(store.Written).Within("durable, so it says");
            files.Crash(powerLoss: true, seed);
            await store.DisposeAsync();
            files.ClearFaults();
            try
            {
                await using var again = Open(files);
                Assert.Subset(Enumerable.Range(0, 30).Select(Body).ToHashSet(), Served(again).ToHashSet());
            }
            catch (StoreUnusableException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 0, 199);
    }

    private static string Body(int i) => $"{i}:{new string((char)('a' + (i % 26)), 30)}";

    /// <summary>Bodies that a consumer is given: those whose record can be read and is what it was.</summary>
    private static List<string> Served(MessageStore store)
    {
        var bodies = new List<string>();
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
        {
            Assert.True(queue.TryReadEntry(offset, out var entry));
            using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
            if (lease.TryRead(out var record) && record.CrcMatches)
                bodies.Add(Encoding.UTF8.GetString(record.Body));
        }

        return bodies;
    }

    private static async Task<(FaultyFileSystem Files, List<long> Ends)> FilledAsync(bool isClean)
    {
        var files = new FaultyFileSystem(1);
        var store = Open(files);
        var ends = Enumerable.Range(0, Messages).Select(i => store.Append("topic", 0, Body(i), "tag").End.Value).ToList();
        await store.WaitDispatchedAsync().Within("dispatched");
        if (!isClean)
            files.Crash(powerLoss: false);
        await store.DisposeAsync();
        return (files, ends);
    }

    private static FaultyFileSystem Restore(Dictionary<string, byte[]> sound)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, content) in sound)
            files.Put(path, content);
        return files;
    }

    private static MessageStore Open(FaultyFileSystem files)
    {
        var options = StoreKit.Small("/store");
        options.SegmentSize = 8192;
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return MessageStore.Open(options, new FaultyProcess(files));
    }
}
