using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.LightQueues;

/// <summary>
/// The model: the records appended, and for each light queue where it begins. After any history and crash a queue has,
/// offset by offset, the records of the log that match it: none lost, none twice, none that the log lost, and the same
/// offset as before. Histories: PROTOBRIDGE_STORE_HISTORIES (400 by default).
/// </summary>
public sealed class LightQueueCrashTests
{
    private static int Histories =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 400;

    [Fact]
    public async Task After_any_power_loss_light_queues_are_what_the_log_says()
    {
        for (var i = 0; i < Histories; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss: true));
    }

    [Fact]
    public async Task After_the_process_is_killed_light_queues_are_what_the_log_says()
    {
        for (var i = 0; i < Histories / 2; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss: false));
    }

    private static async Task RunHistory(Random random, bool powerLoss)
    {
        var files = new FaultyFileSystem(random.Next());
        var model = new Model(random.Next(3) == 0 ? random.Next(1, 60) : long.MaxValue, random.Next(4) == 0 ? FlushMode.Async : FlushMode.Fsync);
        var lives = random.Next(1, 5);
        for (var life = 0; life < lives; life++)
        {
            var store = model.Open(files);
            model.Check(store);
            await LiveAsync(random, store, files, model);
            if (random.Next(4) == 0)
                await store.DisposeAsync();
            files.Crash(powerLoss);
            await store.DisposeAsync();
        }

        await using (var last = model.Open(files))
            model.Check(last);
        await using var clean = model.Open(files);
        Assert.Empty(clean.Repairs);
        model.Check(clean);
    }

    private static async Task LiveAsync(Random random, MessageStore store, FaultyFileSystem files, Model model)
    {
        var steps = random.Next(1, 80);
        for (var step = 0; step < steps; step++)
        {
            switch (random.Next(16))
            {
                case 0:
                    store.WriteCheckpoint();
                    break;
                case 1:
                    await store.WaitDispatchedAsync().Within("dispatch");
                    break;
                case 2:
                    model.Create(store, random);
                    break;
                case 3 when random.Next(3) == 0:
                    model.Delete(store, random);
                    break;
                case 4 when random.Next(4) == 0:
                    store.DeleteBefore(random.NextInt64(store.Dispatched.Value + 1));
                    break;
                case 5:
                    files.WriteBack(random.Next());
                    break;
                default:
                    for (var i = random.Next(1, 12); i > 0; i--)
                        model.Append(store, random);
                    break;
            }
        }
    }

    private sealed class Model(long limit, FlushMode mode)
    {
        private readonly List<(long Offset, string Topic, string Body)> _records = [];
        private readonly Dictionary<string, long> _queues = [];
        private int _serial;

        public MessageStore Open(FaultyFileSystem files) => MessageStore.Open(
            new StoreOptions
            {
                Directory = "/store",
                SegmentSize = 16 << 10,
                QueueFileEntries = 16,
                MaxOpenQueueFiles = 4,
                MaxBodySize = 12 << 10,
                CheckpointInterval = TimeSpan.FromMinutes(1),
                FlushMode = mode,
                LightQueueFileSize = 4096,
                MaxLightQueueEntries = limit,
                IndexEnabled = false,
            },
            new FaultyProcess(files),
            lightQueueSelector: new NameSelector());

        public void Append(MessageStore store, Random random)
        {
            var topic = random.Next(2) == 0 ? "alpha" : "beta";
            var body = $"{++_serial}:{new string('b', random.Next(120))}";
            var result = store.Append(topic, 0, body);
            Assert.Equal(AppendStatus.Appended, result.Status);
            _records.Add((result.PhysicalOffset, topic, body));
        }

        public void Create(MessageStore store, Random random)
        {
            var name = random.Next(4) == 0 ? "alpha" : $"n{random.Next(1, 8)}";
            if (_queues.TryAdd(name, store.Written.Value))
                Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create(name, out _));
        }

        public void Delete(MessageStore store, Random random)
        {
            if (_queues.Count == 0)
                return;
            var name = _queues.Keys.ElementAt(random.Next(_queues.Count));
            Assert.Equal(LightQueueStatus.Done, store.LightQueues.Delete(store.LightQueues.Find(name)));
            _queues.Remove(name);
        }

        /// <summary>Compares, and forgets what the crash took.</summary>
        public void Check(MessageStore store)
        {
            _records.RemoveAll(record => record.Offset >= store.Written.Value);
            Assert.Equal(_queues.Keys.Order(), store.LightQueues.List().Select(info => info.Name).Order());
            foreach (var (name, start) in _queues)
            {
                // A queue begins at the end of a log that may have lost some of it.
                var begin = _queues[name] = Math.Min(start, store.Written.Value);
                var expected = _records.Where(record => record.Offset >= begin && NameSelector.Matches(name, record.Topic, record.Body)).Select(record => record.Offset).ToList();
                var queue = store.LightQueues.Find(name);
                Assert.True(store.LightQueues.TryGetRange(queue, out var min, out var max));
                Assert.Equal(expected.Count, max);
                // With async flush the log may lose records for which older entries were dropped before.
                var kept = mode == FlushMode.Async && limit < long.MaxValue ? 0 : limit;
                Assert.True(max - min >= Math.Min(kept, expected.Count(offset => offset >= store.MinPhysicalOffset)), $"{name} has {min}..{max}");
                var entries = new QueueEntry[max - min];
                Assert.Equal(entries.Length, store.LightQueues.Read(queue, min, entries));
                Assert.Equal(expected[(int)min..], entries.Select(entry => entry.PhysicalOffset));
            }
        }
    }
}
