using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compaction;

/// <summary>What compaction must not lose: to damage beside the record, and to a crash between two records of a key.</summary>
public sealed class CompactionDamageTests
{
    private const string Entries = "/store/consumequeue/table/0/00000000000000000000";
    private const string Log = "/store/commitlog/00000000000000000000";

    public static TheoryData<int, int> EntryBits => new() { { 0, 6 }, { 1, 0 }, { 5, 3 }, { 6, 7 }, { 7, 1 }, { 9, 0 }, { 11, 2 }, { 0, 7 } };

    [Theory]
    [MemberData(nameof(EntryBits))]
    public async Task A_damaged_queue_entry_costs_no_key_its_latest_record(int at, int bit)
    {
        for (var damaged = 0; damaged < 20; damaged += 19 / 3)
        {
            var files = new FaultyFileSystem(1);
            await using var store = Open(files);
            await store.FillTable(20);
            files.FlipBit(Entries, (damaged * 20) + at, bit);
            files.FlipBit(Entries, ((damaged + 1) * 20) + at, bit);
            Assert.Equal("v" + damaged, store.Latest("k" + damaged));
            store.DeleteHead();
            Assert.True(store.MinPhysicalOffset > 0);
            Assert.Equal(20, store.AllLatest().Count);
            Assert.All(Enumerable.Range(0, 20), i => Assert.Equal($"v{i}", store.Latest($"k{i}")));
        }
    }

    [Fact]
    public async Task A_damaged_record_is_given_to_nobody_before_and_after_compaction()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            await store.FillTable(20);
            Assert.True(store.TryGetQueue(CompactionKit.Topic, 0, out var queue));
            Assert.True(queue.TryReadEntry(7, out var entry));
            using (var lease = store.ReadRecord(entry.PhysicalOffset))
            {
                Assert.True(lease.TryRead(out var record));
                files.FlipBit(Log, entry.PhysicalOffset + record.BodyAt, 0);
            }

            Look(store);
            Assert.Equal(1, store.Integrity.DamageCount);
            store.DeleteHead();
            Assert.True(store.MinPhysicalOffset > 0);
            Look(store);
        }

        await using var again = Open(files);
        Look(again);

        static void Look(MessageStore store)
        {
            Assert.Null(store.Latest("k7"));
            Assert.Equal(19, store.AllLatest().Count);
            Assert.Equal("v8", store.Latest("k8"));
        }
    }

    [Fact]
    public async Task What_overwrote_a_record_is_on_the_disk_before_that_record_goes_though_dispatch_is_held_up()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var options = CompactionKit.Small();
            options.FlushMode = FlushMode.Async;
            options.MaxLightQueueBytes = 32 * 256;
            options.LightQueueFileSize = 4096;
            var store = MessageStore.Open(options, new FaultyProcess(files), new ManualClock(), lightQueueSelector: new NameSelector());
            await store.FillTable(2);
            store.LightQueues.Create(CompactionKit.Topic, out _);
            for (var i = 0; i < 300; i++)
                store.Put("other", "x");
            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.True(store.WriteCheckpoint());

            // One batch: the new record of a key, and more for the light queue than it has room for.
            using var held = new HeldDispatch(store);
            await held.Reached;
            store.Put("k1", "new");
            for (var i = 0; i < 60; i++)
                store.Put("other", "x");
            held.Dispose();
            await Eventually.True(() => store.State.Condition == StoreCondition.DiskFull);
            Assert.Equal("new", store.Latest("k1"));
            store.DeleteBefore(options.SegmentSize, force: true);
            Assert.Equal(options.SegmentSize, store.MinPhysicalOffset);
            files.Crash(powerLoss: true);
            await store.DisposeAsync();

            options.MaxLightQueueBytes = 8L << 30;
            await using var again = MessageStore.Open(options, new FaultyProcess(files), new ManualClock(), lightQueueSelector: new NameSelector());
            Assert.Equal("new", again.Latest("k1"));
            Assert.Equal("v0", again.Latest("k0"));
        }
    }

    private static MessageStore Open(FaultyFileSystem files) => MessageStore.Open(CompactionKit.Small(), files, new ManualClock());

    /// <summary>Keeps the dispatcher behind a batch until it is disposed of.</summary>
    private sealed class HeldDispatch : IDispatchListener, IDisposable
    {
        private readonly Signal _reached = new("the dispatcher is held");
        private readonly ManualResetEventSlim _go = new(false);
        private readonly MessageStore _store;

        public HeldDispatch(MessageStore store)
        {
            _store = store;
            store.AddListener(this);
            store.Append("filler", 0, "held");
        }

        public Task Reached => _reached.WaitAsync();

        public void OnDispatched(in DispatchedMessage message)
        {
        }

        public void OnBatchEnd(long end)
        {
            _reached.Set();
            _go.Wait();
        }

        public void Dispose()
        {
            _store.RemoveListener(this);
            _go.Set();
        }
    }
}
