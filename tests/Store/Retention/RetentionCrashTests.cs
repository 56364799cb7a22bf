using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Retention;

/// <summary>Deletion and crashes: at every step of one, and in random histories.</summary>
public sealed class RetentionCrashTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_crash_at_any_step_of_a_deletion_leaves_a_store_that_opens_with_all_that_was_to_stay(bool powerLoss)
    {
        for (var step = 0; ; step++)
        {
            for (var seed = 0; seed < 4; seed++)
            {
                if (!await CrashAtAsync(step, seed, powerLoss))
                {
                    Assert.True(step > 8, $"only {step} steps");
                    return;
                }
            }
        }
    }

    [Fact]
    public async Task What_can_be_read_is_a_suffix_of_each_queue_and_has_what_guards_need()
    {
        for (var i = 0; i < 60; i++)
            await Seeded.RunAsync(RunHistory);
    }

    // False when the deletion had fewer steps.
    private static async Task<bool> CrashAtAsync(int step, int seed, bool powerLoss)
    {
        var files = new FaultyFileSystem(seed);
        var clock = new ManualClock();
        var stepped = new SteppedFileSystem(new FaultyProcess(files));
        var store = RetentionKit.Open(stepped, clock);
        await store.FillAsync(40, topic: "old");
        await store.FillAsync(60);
        var left = step;
        var crashed = false;
        stepped.BeforeStep = _ =>
        {
            if (crashed || left-- > 0)
                return;
            crashed = true;
            files.Crash(powerLoss);
        };
        store.DeleteBefore(5 * RetentionKit.Segment);
        var atTheEnd = crashed;
        if (!crashed)
            files.Crash(powerLoss);
        await store.DisposeAsync();

        await using var again = RetentionKit.Open(new FaultyProcess(files), clock);
        var kept = again.Numbers();
        Assert.Equal(59, kept[^1]);
        Assert.Equal(Enumerable.Range(kept[0], 60 - kept[0]), kept);
        Assert.True(again.Queue().TryReadEntry(again.Queue().MinOffset, out var first));
        Assert.True(again.MinPhysicalOffset <= 5 * RetentionKit.Segment && first.PhysicalOffset >= again.MinPhysicalOffset);
        Assert.Equal(40, again.Queue("old").MaxOffset);
        var old = again.Numbers("old");
        Assert.Equal(Enumerable.Range(40 - old.Count, old.Count), old);
        again.DeleteBefore(5 * RetentionKit.Segment);
        Assert.Equal(RetentionKit.NameOf(5 * RetentionKit.Segment), files.Segments()[0]);
        Assert.Equal(40, again.Append("old", 0, "40:").QueueOffset);
        return atTheEnd;
    }

    private static async Task RunHistory(Random random)
    {
        var files = new FaultyFileSystem(random.Next());
        var clock = new ManualClock();
        var model = new Model(clock);
        for (var life = random.Next(2, 6); life > 0; life--)
        {
            var stepped = new SteppedFileSystem(new FaultyProcess(files));
            var store = RetentionKit.Open(stepped, clock, options => options.RetentionBatchSegments = 2);
            store.AddGuard(model.Guard);
            store.StartRetention(new TestTopics { ["beta"] = TimeSpan.FromHours(40) });
            model.Check(store);
            await LiveAsync(random, store, files, model, clock);
            switch (random.Next(4))
            {
                case 0:
                    files.Crash(powerLoss: true);
                    break;
                case 1:
                    files.Crash(powerLoss: false);
                    break;
                case 2:
                    await store.DisposeAsync();
                    model.AllDurable();
                    break;
                default:
                    await CrashInDeletionAsync(random, store, stepped, files, model, clock);
                    break;
            }

            await store.DisposeAsync();
            model.Began = Math.Max(model.Began, store.MinPhysicalOffset);
        }

        await using var last = RetentionKit.Open(new FaultyProcess(files), clock);
        model.Check(last);
    }

    private static async Task LiveAsync(Random random, MessageStore store, FaultyFileSystem files, Model model, ManualClock clock)
    {
        for (var step = random.Next(1, 120); step > 0; step--)
        {
            switch (random.Next(16))
            {
                case 0:
                    await model.AcknowledgeAsync(store);
                    if (model.CheckReadable(store))
                        model.MoveGuard(random, store);
                    store.Retain();
                    model.CheckReadable(store);
                    break;
                case 1:
                    clock.Advance(TimeSpan.FromHours(random.Next(30)));
                    break;
                case 2:
                    await model.AcknowledgeAsync(store);
                    store.DeleteBefore(random.NextInt64(store.Written.Value + 1));
                    model.CheckReadable(store);
                    break;
                case 3:
                    files.Capacity = long.MaxValue;
                    if (random.Next(2) == 0)
                        files.FillTo(random.Next(80, 99));
                    store.Retain();
                    break;
                case 4:
                    store.WriteCheckpoint();
                    break;
                default:
                    model.Append(store, random);
                    break;
            }
        }

        files.Capacity = long.MaxValue;
        clock.Advance(store.Options.DiskFullRetryInterval);
    }

    private static async Task CrashInDeletionAsync(Random random, MessageStore store, SteppedFileSystem stepped, FaultyFileSystem files, Model model, ManualClock clock)
    {
        await model.AcknowledgeAsync(store);
        var left = random.Next(6);
        stepped.BeforeStep = _ =>
        {
            if (left-- == 0)
                files.Crash(powerLoss: true);
        };
        clock.Advance(TimeSpan.FromHours(80));
        files.Crash(powerLoss: true);
    }

    /// <summary>What was appended, and what is known to have to be there.</summary>
    private sealed class Model(ManualClock clock)
    {
        private static readonly string[] Topics = ["alpha", "beta", "gamma"];
        private readonly List<Entry> _entries = [];
        private readonly Dictionary<(string, int), long> _gone = [];
        private int _durable;
        private int _serial;

        public TestGuard Guard { get; } = new("group orders", long.MaxValue);

        /// <summary>Where the log began at most: a crash may leave segments before it, whose queue files are gone.</summary>
        public long Began { get; set; }

        public void Append(MessageStore store, Random random)
        {
            var topic = Topics[Math.Min(random.Next(3), random.Next(3))];
            var queueId = random.Next(2);
            var body = $"{++_serial}:{new string('x', random.Next(1500))}";
            var result = store.Append(topic, queueId, body);
            if (result.Status != AppendStatus.Appended)
            {
                Assert.Equal(AppendStatus.DiskFull, result.Status);
                return;
            }

            _entries.Add(new Entry(topic, queueId, body, result.QueueOffset, result.PhysicalOffset, result.End));
            clock.Advance(TimeSpan.FromMinutes(random.Next(60)));
        }

        public async Task AcknowledgeAsync(MessageStore store)
        {
            if (_entries.Count > 0)
                Assert.Equal(DurabilityStatus.Durable, await store.WaitDurableAsync(_entries[^1].End).Within("durable"));
            _durable = _entries.Count;
            // A queue file may find no room.
            await Eventually.True(() => store.Dispatched.Value == store.Written.Value || store.State.Condition == StoreCondition.DiskFull);
        }

        public void AllDurable() => _durable = _entries.Count;

        /// <summary>A consumer goes on, or a new one comes to where the log begins.</summary>
        public void MoveGuard(Random random, MessageStore store)
        {
            var least = Guard.LowestNeeded == long.MaxValue ? store.MinPhysicalOffset : Guard.LowestNeeded;
            var next = _entries.Where(entry => entry.Physical >= least && entry.Offset >= store.Queue(entry.Topic, entry.QueueId).MinOffset).ToList();
            Guard.LowestNeeded = next.Count == 0 || random.Next(5) == 0 ? long.MaxValue : next[random.Next(Math.Min(next.Count, 30))].Physical;
        }

        public void Check(MessageStore store)
        {
            // What a crash took of the end: the log says how far it goes.
            var end = store.Written.Value;
            var kept = _entries.TakeWhile(entry => entry.Physical < end).Count();
            Assert.True(kept >= _durable, $"{kept} of {_durable} acknowledged; {string.Join(" ", store.Repairs)}");
            _entries.RemoveRange(kept, _entries.Count - kept);
            _durable = kept;
            if (kept > 0)
                _entries[^1] = _entries[^1] with { End = store.Written };
            if (Guard.LowestNeeded >= end)
                Guard.LowestNeeded = long.MaxValue;
            CheckReadable(store);
        }

        /// <summary>False when not all can be read now, for want of room.</summary>
        public bool CheckReadable(MessageStore store)
        {
            if (store.Dispatched.Value < store.Written.Value)
                return false;
            var needed = Guard.LowestNeeded;
            if (needed != long.MaxValue)
                Assert.True(store.MinPhysicalOffset <= needed, "the log begins behind what the guard needs");
            foreach (var queue in _entries.GroupBy(entry => (entry.Topic, entry.QueueId)))
            {
                var all = queue.ToList();
                var found = store.Queue(queue.Key.Topic, queue.Key.QueueId);
                Assert.Equal(all[^1].Offset + 1, found.MaxOffset);
                var first = found.MinOffset;
                Assert.Equal(all.Where(entry => entry.Offset >= first).Select(entry => entry.Body), store.Bodies(queue.Key.Topic, queue.Key.QueueId));
                // What goes is needed by nobody, and but for the topic with a shorter time it goes with its segment.
                var limit = queue.Key.Topic == "beta" ? needed : Math.Max(Began, store.MinPhysicalOffset);
                var gone = _gone.GetValueOrDefault(queue.Key);
                foreach (var entry in all.Where(entry => entry.Offset >= gone && entry.Offset < first))
                    Assert.True(entry.Physical < limit, $"{entry.Topic}/{entry.QueueId} {entry.Offset} at {entry.Physical} is gone; the queue begins at {first}, the log at {store.MinPhysicalOffset}; {string.Join(" ", store.Repairs)}");
                _gone[queue.Key] = Math.Max(gone, first);
            }

            return true;
        }
    }

    private sealed record Entry(string Topic, int QueueId, string Body, long Offset, long Physical, WrittenOffset End);
}
