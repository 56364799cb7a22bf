using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// The model: a list of appended messages and which of them were acknowledged. After any history and crash the store
/// has a prefix of the list that contains every acknowledged message, and every queue is that prefix's share of it.
/// Histories: PROTOBRIDGE_STORE_HISTORIES (400 by default).
/// </summary>
public sealed class CrashModelTests
{
    private static int Histories =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 400;

    [Fact]
    public async Task After_any_power_loss_a_prefix_with_every_acknowledged_message_is_there()
    {
        for (var i = 0; i < Histories; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss: true));
    }

    [Fact]
    public async Task After_the_process_is_killed_a_prefix_with_every_acknowledged_message_is_there()
    {
        for (var i = 0; i < Histories / 2; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss: false));
    }

    [Fact]
    public async Task After_a_failed_fsync_and_power_loss_nothing_acknowledged_is_missing()
    {
        for (var i = 0; i < Histories / 4; i++)
            await Seeded.RunAsync(random => RunHistory(random, powerLoss: true, failFlush: true));
    }

    private static async Task RunHistory(Random random, bool powerLoss, bool failFlush = false)
    {
        var files = new FaultyFileSystem(random.Next());
        var model = new Model();
        var lives = random.Next(1, 4);
        for (var life = 0; life < lives; life++)
        {
            var store = MessageStore.Open(Options(random), new FaultyProcess(files));
            model.Check(store);
            await Live(random, store, files, model, failFlush && life == lives - 1);
            if (random.Next(4) == 0 && !files.FailFlush)
            {
                await store.DisposeAsync();
                model.AllDurable();
            }

            files.Crash(powerLoss);
            files.FailFlush = false;
            await store.DisposeAsync();
        }

        var last = MessageStore.Open(Options(random), new FaultyProcess(files));
        model.Check(last);
        await last.DisposeAsync();
        var clean = MessageStore.Open(Options(random), new FaultyProcess(files));
        Assert.Empty(clean.Repairs);
        model.Check(clean);
        await clean.DisposeAsync();
    }

    private static StoreOptions Options(Random random) => new()
    {
        Directory = "/store",
        SegmentSize = 16 << 10,
        QueueFileEntries = 16,
        IndexSlots = 20,
        IndexEntries = 40,
        MaxOpenQueueFiles = 4,
        MaxUnwrittenQueueBytes = random.Next(2) == 0 ? 0 : 64 << 20,
        SyncFileSystemAbove = random.Next(3),
        MaxBodySize = 12 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(1),
        FlushMode = random.Next(8) == 0 ? FlushMode.Async : FlushMode.Fsync,
    };

    private static async Task Live(Random random, MessageStore store, FaultyFileSystem files, Model model, bool failFlush)
    {
        var steps = random.Next(1, 60);
        var failAt = failFlush ? random.Next(steps) : -1;
        for (var step = 0; step < steps; step++)
        {
            if (step == failAt)
                files.FailFlush = true;
            switch (random.Next(12))
            {
                case 0:
                    store.WriteCheckpoint();
                    break;
                case 1:
                    await store.WaitDispatchedAsync().Within("dispatch");
                    break;
                case 2:
                    model.AppendBatch(store, random);
                    break;
                case 3 when model.Last is { } last && store.Options.FlushMode == FlushMode.Fsync:
                    if (await store.WaitDurableAsync(last).Within("durable") == DurabilityStatus.Durable)
                        model.Acknowledge(last);
                    break;
                default:
                    model.Append(store, random);
                    break;
            }
        }
    }

    private sealed class Model
    {
        private static readonly string[] Topics = ["alpha", "beta", new string('t', 200)];
        private readonly List<Entry> _entries = [];
        private int _acknowledged;
        private int _serial;

        public WrittenOffset? Last => _entries.Count == 0 ? null : _entries[^1].End;

        public void Append(MessageStore store, Random random)
        {
            var entry = Next(random);
            var result = store.Append(entry.Message(random));
            if (result.Status == AppendStatus.Appended)
                Add(entry, result);
            else
                Assert.Equal(AppendStatus.ReadOnly, result.Status);
        }

        public void AppendBatch(MessageStore store, Random random)
        {
            var count = random.Next(1, 6);
            var first = Next(random);
            var bodies = new List<string> { first.Body };
            for (var i = 1; i < count; i++)
                bodies.Add($"{++_serial}:batch");
            var buffer = new byte[bodies.Sum(body => body.Length + BatchBody.Overhead)];
            var at = 0;
            foreach (var body in bodies)
                at += BatchBody.Write(buffer.AsSpan(at), 7, Encoding.UTF8.GetBytes(body), default);
            var result = store.AppendBatch(new MessageToStore { Topic = Encoding.UTF8.GetBytes(first.Topic), QueueId = first.QueueId, Body = buffer });
            if (result.Status != AppendStatus.Appended)
                return;
            Assert.Equal(count, result.Count);
            for (var i = 0; i < count; i++)
                Add(first with { Body = bodies[i] }, result with { QueueOffset = result.QueueOffset + i });
        }

        public void Acknowledge(WrittenOffset end) => _acknowledged = _entries.FindLastIndex(entry => entry.End.Value <= end.Value) + 1;

        public void AllDurable() => _acknowledged = _entries.Count;

        /// <summary>Compares, and forgets what the crash took.</summary>
        public void Check(MessageStore store)
        {
            using var reader = store.OpenReader(store.MinPhysicalOffset);
            var found = 0;
            while (reader.TryReadNext(out var record))
            {
                Assert.True(found < _entries.Count, "a message that was never appended");
                var expected = _entries[found++];
                Assert.Equal(expected.Body, Encoding.UTF8.GetString(record.Body));
                Assert.Equal(expected.Topic, record.TopicString);
                Assert.Equal(expected.QueueId, record.QueueId);
                Assert.Equal(expected.QueueOffset, record.QueueOffset);
                Assert.True(record.CrcMatches);
            }

            Assert.DoesNotContain(store.Repairs, repair => repair.Name == "MissingQueueFiles");
            Assert.True(found >= _acknowledged, $"{found} messages found of {_acknowledged} acknowledged; {string.Join(" ", store.Repairs)}");
            Assert.Equal(store.Dispatched.Value, store.Written.Value);
            _entries.RemoveRange(found, _entries.Count - found);
            _acknowledged = found;
            if (found > 0)
                _entries[^1] = _entries[^1] with { End = store.Written };
            foreach (var queue in _entries.GroupBy(entry => (entry.Topic, entry.QueueId)))
                Assert.Equal(queue.Select(entry => entry.Body), store.Bodies(queue.Key.Topic, queue.Key.QueueId));
            Assert.Equal(_entries.Count, store.Queues.Sum(queue => queue.MaxOffset));
        }

        private Entry Next(Random random)
        {
            var filler = new string((char)('a' + random.Next(26)), random.Next(random.Next(20) == 0 ? 9000 : 300));
            return new Entry(Topics[random.Next(Topics.Length)], random.Next(2), $"{++_serial}:{filler}", 0, default);
        }

        private void Add(Entry entry, AppendResult result) =>
            _entries.Add(entry with { QueueOffset = result.QueueOffset, End = result.End });
    }

    private sealed record Entry(string Topic, int QueueId, string Body, long QueueOffset, WrittenOffset End)
    {
        public MessageToStore Message(Random random)
        {
            var properties = new byte[random.Next(2) * 64];
            var writer = new PropertyTextWriter(properties);
            writer.TryAdd("TAGS", "tag");
            return new MessageToStore
            {
                Topic = Encoding.UTF8.GetBytes(Topic),
                QueueId = QueueId,
                Body = Encoding.UTF8.GetBytes(Body),
                Properties = writer.Written,
                BornHost = HostAddress.Loopback(1),
            };
        }
    }
}
