using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Compaction;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A record is written behind another one while the page of both is flushed for that one, and then the power goes: the
/// disk has some of its sectors whole, and others with a half of what belongs there. Nobody was told that it is stored.
/// </summary>
public sealed class TornFlushTests
{
    private const int Rounds = 300;

    [Fact]
    public async Task A_record_that_changed_while_its_page_was_flushed_costs_none_but_itself()
    {
        var damaged = 0;
        var whole = 0;
        for (var i = 0; i < Rounds; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                switch (await Round(random))
                {
                    case Outcome.Damaged:
                        damaged++;
                        break;
                    case Outcome.Whole:
                        whole++;
                        break;
                }
            });
        }

        Assert.True(damaged > 0 && whole > 0 && damaged + whole < Rounds, $"of {Rounds} records {damaged} were damaged, {whole} whole, the others cut off");
    }

    private static async Task<Outcome> Round(Random random)
    {
        var value = new string('n', random.Next(50, 1800));
        var files = new FaultyFileSystem(random.Next());
        var clock = new ManualClock();
        var store = await Begin(files, clock);
        var begin = store.Written.Value + store.Put("first", "flushed").Size;
        var end = begin + store.Put("key", value).Size;
        await store.DisposeAsync();

        files = new FaultyFileSystem(random.Next());
        store = await Begin(files, clock);
        files.Torn = new TornFlush(random.Next((int)begin, (int)end));
        var first = store.Put("first", "flushed");
        clock.Advance(CompactionKit.Small().AsyncFlushInterval);
        await files.Torn.Stopped;
        files.HoldFlush = new ManualResetEventSlim(false);
        var torn = store.Put("key", value);
        Assert.Equal((begin, end), (torn.PhysicalOffset, torn.End.Value));
        files.Torn.Go();
        await Eventually.True(() => store.Durable.Value >= first.End.Value, "the first is durable");
        files.Crash(powerLoss: true);
        files.HoldFlush.Set();
        files.HoldFlush = null;
        await store.DisposeAsync();
        return await Look(files, torn, value);
    }

    private static async Task<Outcome> Look(FaultyFileSystem files, AppendResult torn, string value)
    {
        Outcome? outcome = null;
        for (var start = 0; start < 2; start++)
        {
            await using var store = Open(files, new ManualClock());
            Assert.True(store.TryGetQueue(CompactionKit.Topic, 0, out var queue));
            outcome ??= store.Latest("key") == value ? Outcome.Whole : queue.MaxOffset > torn.QueueOffset ? Outcome.Damaged : Outcome.Cut;
            var found = outcome.Value;
            Assert.Equal(found == Outcome.Whole ? value : "old", store.Latest("key"));
            Assert.Equal("flushed", store.Latest("first"));
            Assert.Equal("behind 0", start == 0 ? "behind 0" : store.Latest("behind"));
            if (start == 0)
                Assert.Equal(found == Outcome.Damaged ? [torn.PhysicalOffset] : [], store.Integrity.Damages.Select(damage => damage.PhysicalOffset));
            Assert.Equal(torn.QueueOffset + start + (found == Outcome.Cut ? 0 : 1), store.Put("behind", $"behind {start}").QueueOffset);
            await store.WaitDispatchedAsync().Within("dispatched");
            if (start == 0)
                continue;
            await store.Fill(1).Within("filler");
            store.DeleteHead();
            Assert.True(store.MinPhysicalOffset > torn.PhysicalOffset);
            Assert.Equal(found == Outcome.Whole ? value : "old", store.Latest("key"));
            Assert.Equal("behind 1", store.Latest("behind"));
        }

        return outcome!.Value;
    }

    private static async Task<MessageStore> Begin(FaultyFileSystem files, ManualClock clock)
    {
        var store = Open(files, clock);
        store.CompactedTopics.Add(CompactionKit.Topic);
        store.Put("key", "old");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.WriteCheckpoint());
        return store;
    }

    /// <summary>Asynchronous: with fsync no page of the log changes while it is written.</summary>
    private static MessageStore Open(FaultyFileSystem files, ManualClock clock)
    {
        var options = CompactionKit.Small();
        options.FlushMode = FlushMode.Async;
        return MessageStore.Open(options, new FaultyProcess(files), clock);
    }

    private enum Outcome
    {
        /// <summary>All of it reached the disk.</summary>
        Whole,

        /// <summary>Its bytes tell that it was not complete: the log ends before it.</summary>
        Cut,

        /// <summary>Its bytes look like damage: it keeps its place and is not served.</summary>
        Damaged,
    }
}
