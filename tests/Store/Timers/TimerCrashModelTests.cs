using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>
/// Random timers, recalls, crashes and restarts: each timer that was acknowledged and not recalled comes once and never
/// before its time; none that was recalled comes. Histories: PROTOBRIDGE_STORE_TIMER_HISTORIES (60 by default).
/// </summary>
public sealed class TimerCrashModelTests
{
    private static int Histories =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_TIMER_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 60;

    [Theory]
    [InlineData(true, FlushMode.Fsync)]
    [InlineData(false, FlushMode.Fsync)]
    [InlineData(true, FlushMode.Async)]
    public async Task After_any_history_each_timer_comes_once_and_not_before_its_time(bool powerLoss, FlushMode mode)
    {
        for (var i = 0; i < Histories; i++)
            await Seeded.RunAsync(random => new History(random, powerLoss, mode).Run());
    }

    private sealed class History(Random random, bool powerLoss, FlushMode mode)
    {
        private readonly FaultyFileSystem _files = new(random.Next());
        private readonly ManualClock _clock = new();
        private long Start { get; } = new ManualClock().Now();

        private readonly Dictionary<string, Timer> _timers = [];
        private readonly Dictionary<string, long> _came = [];
        private readonly List<string> _trace = [];
        private int _serial;
        private int _life;

        public async Task Run()
        {
            var lives = random.Next(1, 6);
            for (; _life < lives; _life++)
            {
                var store = Open();
                await Check(store, settle: random.Next(2) == 0);
                await Live(store);
                if (random.Next(3) == 0)
                {
                    await store.DisposeAsync();
                    _trace.Add("closed");
                    foreach (var timer in _timers.Values)
                        timer.Closed(_life);
                }

                _trace.Add("crash");
                _files.Crash(powerLoss);
                await store.DisposeAsync();
                if (random.Next(3) == 0)
                    _clock.Advance(TimeSpan.FromSeconds(random.Next(1500)));
                if (random.Next(8) == 0)
                    Lose();
            }

            await Finish();
        }

        private async Task Finish()
        {
            var last = Open();
            await Check(last, settle: true);
            for (var i = 0; i < 12; i++)
                await last.Pass(_clock, TimeSpan.FromSeconds(300));
            await Check(last, settle: true);
            Assert.Equal(0, last.Timers.Pending);
            foreach (var (body, timer) in _timers)
            {
                if (timer.IsRecalled)
                    Assert.False(_came.ContainsKey(body), $"{body} was recalled and came");
                else if (timer.IsKept && !timer.MayBeRecalled)
                    Assert.True(_came.ContainsKey(body), $"{body} did not come; {string.Join(", ", _trace)}");
            }

            await last.DisposeAsync();
            var clean = Open();
            await Check(clean, settle: true);
            Assert.Empty(clean.Repairs);
            await clean.DisposeAsync();
        }

        private async Task Live(MessageStore store)
        {
            var steps = random.Next(1, 40);
            for (var step = 0; step < steps; step++)
            {
                switch (random.Next(10))
                {
                    case 0:
                        store.WriteCheckpoint();
                        _trace.Add("checkpoint");
                        break;
                    case 1:
                        _clock.Advance(TimeSpan.FromMilliseconds(random.Next(5000)));
                        break;
                    case 2:
                        await store.Pass(_clock, TimeSpan.FromMilliseconds(random.Next(random.Next(5) == 0 ? 700_000 : 3000)));
                        break;
                    case 3:
                        await Recall(store);
                        break;
                    case 4:
                        store.Append("other", 0, new string('x', random.Next(3000)));
                        break;
                    case 5 when mode == FlushMode.Fsync:
                        await Acknowledge(store);
                        break;
                    default:
                        Add(store);
                        break;
                }
            }
        }

        private void Add(MessageStore store)
        {
            var delay = random.Next(4) switch
            {
                0 => random.Next(1, 2_000_000),
                1 => random.Next(1, 60_000),
                _ => random.Next(1, 5_000),
            };
            var body = $"t{++_serial}";
            var at = _clock.Now() + delay;
            var result = store.AppendTimer(_clock, "later", body, at);
            if (result.Status == AppendStatus.Appended)
            {
                _timers.Add(body, new Timer(at, result, _life));
                _trace.Add($"{body} for {at - Start} at {result.PhysicalOffset}");
            }
        }

        private async Task Recall(MessageStore store)
        {
            var open = _timers.Where(timer => timer.Value.At / 1000 * 1000 > _clock.Now() + 1000 && !timer.Value.MayBeRecalled).ToList();
            if (open.Count == 0)
                return;
            var (body, timer) = open[random.Next(open.Count)];
            // As the broker does, with the time that a recall handle carries.
            var outMs = timer.At % 1000 == 0 ? timer.At - 1000 : timer.At / 1000 * 1000;
            if (outMs + 1 <= _clock.Now())
                return;
            var result = store.Recall(_clock, "later", body, outMs + 1);
            if (result.Status != AppendStatus.Appended)
                return;
            timer.RecalledIn = _life;
            _trace.Add($"recall {body} at {result.PhysicalOffset}");
            if (mode == FlushMode.Fsync && random.Next(2) == 0
                && await store.WaitDurableAsync(result.End).Within("durable") == DurabilityStatus.Durable)
            {
                timer.IsRecalled = true;
            }
        }

        private async Task Acknowledge(MessageStore store)
        {
            var last = _timers.Values.LastOrDefault(timer => !timer.IsKept && timer.Life == _life);
            if (last is null || await store.WaitDurableAsync(last.End).Within("durable") != DurabilityStatus.Durable)
                return;
            foreach (var timer in _timers.Values.Where(timer => timer.Life == _life && timer.End.Value <= last.End.Value))
                timer.IsKept = true;
        }

        // Only once each, in their records' order of physical offsets, is what the topic's queue has.
        private async Task Check(MessageStore store, bool settle)
        {
            if (settle)
                await store.Settle();
            var bodies = store.Bodies("later", 1);
            _trace.Add($"now {_clock.Now() - Start} came {string.Join(" ", bodies.Except(_came.Keys))}");
            Assert.Equal(bodies.Count, bodies.Distinct().Count());
            foreach (var gone in _came.Keys.Except(bodies).ToList())
            {
                // Delivered and lost with the power: it was not acknowledged by a consumer of this model, and comes again.
                Assert.True(powerLoss, $"{gone} is gone");
                _came.Remove(gone);
            }

            foreach (var body in bodies)
            {
                Assert.True(_timers.TryGetValue(body, out var timer), $"{body} was never appended");
                Assert.False(timer.IsRecalled, $"{body} was recalled and came");
                if (_came.TryAdd(body, _clock.Now()))
                    Assert.True(timer.At <= _clock.Now(), $"{body} came {timer.At - _clock.Now()} ms early");
            }
        }

        private void Lose()
        {
            string[] names = ["timerwheel", "timerlog", "timercheck", "timermetrics"];
            var lost = names[random.Next(names.Length)];
            _trace.Add($"lost {lost}");
            foreach (var path in _files.Paths.Where(path => path.Contains(lost, StringComparison.Ordinal)))
                _files.DeleteFile(path);
        }

        private MessageStore Open()
        {
            var options = TimerKit.Options("/store", options =>
            {
                options.SegmentSize = 16 << 10;
                options.MaxBodySize = 12 << 10;
                options.QueueFileEntries = 16;
                options.FlushMode = mode;
                options.Rebuild = random.Next(12) == 0;
            });
            var store = MessageStore.Open(options, new FaultyProcess(_files), _clock);
            _trace.Add($"open{(options.Rebuild ? " rebuild" : "")} {string.Join(" ", store.Repairs.Select(repair => repair.Name))}");
            store.Timers.Start();
            return store;
        }
    }

    private sealed class Timer(long at, AppendResult result, int life)
    {
        public long At { get; } = at;

        public int Life { get; } = life;

        public WrittenOffset End { get; } = result.End;

        public bool IsKept { get; set; }

        public bool IsRecalled { get; set; }

        public int RecalledIn { get; set; } = -1;

        public bool MayBeRecalled => RecalledIn >= 0;

        /// <summary>What was written in a life that ended well is there.</summary>
        public void Closed(int life)
        {
            IsKept |= Life == life;
            IsRecalled |= RecalledIn == life;
        }
    }
}
