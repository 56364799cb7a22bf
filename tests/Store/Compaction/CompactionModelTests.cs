using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compaction;

/// <summary>
/// The model: all puts and removals in their order, and how many of them were acknowledged. After any history of them,
/// deletions of the log's head, calls that fail in the middle of compaction and crashes, the store has the state of a
/// prefix with every acknowledged one. Histories: PROTOBRIDGE_STORE_HISTORIES (400 by default).
/// </summary>
public sealed class CompactionModelTests
{
    private static int Histories =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 400;

    [Fact]
    public async Task After_any_power_loss_the_latest_of_each_key_is_there()
    {
        for (var i = 0; i < Histories; i++)
            await Seeded.RunAsync(random => new History(random).Run(powerLoss: true));
    }

    [Fact]
    public async Task After_the_process_is_killed_the_latest_of_each_key_is_there()
    {
        for (var i = 0; i < Histories / 2; i++)
            await Seeded.RunAsync(random => new History(random).Run(powerLoss: false));
    }

    private sealed class History(Random random)
    {
        private readonly FaultyFileSystem _files = new(random.Next());
        private readonly ManualClock _clock = new();
        private readonly List<(string Key, string? Value)> _all = [];
        private readonly bool _async = random.Next(8) == 0;
        private readonly int _keys = random.Next(1, 40);
        private int _acknowledged;
        private int _serial;

        public async Task Run(bool powerLoss)
        {
            var lives = random.Next(1, 5);
            for (var life = 0; life < lives; life++)
            {
                var store = Open(rebuild: life > 0 && random.Next(10) == 0);
                if (life == 0)
                    store.CompactedTopics.Add(CompactionKit.Topic);
                Check(store);
                await Live(store);
                if (random.Next(4) == 0)
                {
                    await store.DisposeAsync();
                    _acknowledged = _all.Count;
                }

                _files.ClearFaults();
                _files.Crash(powerLoss);
                await store.DisposeAsync();
            }

            for (var last = 0; last < 2; last++)
            {
                var store = Open(rebuild: false);
                Check(store);
                await store.DisposeAsync();
            }
        }

        private MessageStore Open(bool rebuild)
        {
            var options = CompactionKit.Small();

            // A file that is closed while it is dirty has the disk flushed as a whole, which then tells of errors of compacted files.
            options.MaxOpenQueueFiles = 100;
            options.Rebuild = rebuild;
            options.FlushMode = _async ? FlushMode.Async : FlushMode.Fsync;
            return MessageStore.Open(options, new FaultyProcess(_files), _clock);
        }

        private async Task Live(MessageStore store)
        {
            WrittenOffset? last = null;
            var steps = random.Next(1, 80);
            for (var step = 0; step < steps; step++)
            {
                switch (random.Next(14))
                {
                    case 0:
                        store.WriteCheckpoint();
                        break;
                    case 1:
                        await store.WaitDispatchedAsync().Within("dispatch");
                        CheckState(store, _all.Count);
                        break;
                    case 2:
                        await store.Fill(random.Next(1, 3)).Within("filler");
                        break;
                    case 3:
                        store.DeleteBefore(random.NextInt64(store.Written.Value + 1), force: true);
                        break;
                    case 4 when random.Next(4) == 0:
                        _files.Add(new Fault((FileCall)random.Next((int)FileCall.Open, (int)FileCall.SyncDirectory + 1), "/compaction/table", random.Next(6)));
                        store.DeleteHead();
                        _files.ClearFaults();
                        break;
                    case 5:
                        _clock.Advance(TimeSpan.FromHours(random.Next(20)));
                        break;
                    case 6 when last is { } end && !_async:
                        if (await store.WaitDurableAsync(end).Within("durable") == DurabilityStatus.Durable)
                            _acknowledged = _all.Count;
                        break;
                    default:
                        last = Put(store);
                        break;
                }
            }
        }

        private WrittenOffset Put(MessageStore store)
        {
            var key = $"key {random.Next(_keys)}";
            var value = random.Next(4) == 0 ? null : $"{++_serial}:{new string('v', random.Next(random.Next(10) == 0 ? 3000 : 100))}";
            var result = store.Put(key, value);
            Assert.Equal(AppendStatus.Appended, result.Status);
            Assert.Equal(_all.Count, result.QueueOffset);
            _all.Add((key, value));
            return result.End;
        }

        /// <summary>Compares, and forgets what the crash took.</summary>
        private void Check(MessageStore store)
        {
            var found = store.TryGetQueue(CompactionKit.Topic, 0, out var queue) ? (int)queue.MaxOffset : 0;
            Assert.InRange(found, _acknowledged, _all.Count);
            _all.RemoveRange(found, _all.Count - found);
            _acknowledged = found;
            CheckState(store, found);
        }

        private void CheckState(MessageStore store, int count)
        {
            var latest = new Dictionary<string, int>();
            for (var i = 0; i < count; i++)
                latest[_all[i].Key] = i;
            for (var i = 0; i < _keys; i++)
            {
                var key = $"key {i}";
                Assert.Equal(latest.TryGetValue(key, out var at) ? _all[at].Value : null, store.Latest(key));
            }

            var live = latest.Values.Where(at => _all[at].Value is not null).Order().Select(at => ((long)at, _all[at].Value!)).ToList();
            Assert.Equal(live, store.AllLatest());
            var pulled = store.Pull(0);
            Assert.Equal(pulled.OrderBy(record => record.Offset), pulled);
            Assert.All(pulled, record => Assert.Equal(_all[(int)record.Offset].Value ?? string.Empty, record.Body));
            Assert.Empty(live.Except(pulled));
        }
    }
}
