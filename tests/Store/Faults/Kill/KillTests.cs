using System.Diagnostics;
using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Support;
using Xunit.Abstractions;

namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>
/// kill -9 of a process that writes to a store on the real disk, again and again on the same directories: everything
/// that was acknowledged is there, in its place. Rounds: PROTOBRIDGE_KILL_ROUNDS (100 by default).
/// </summary>
public sealed class KillTests
{
    private readonly ITestOutputHelper _output;

    public KillTests(ITestOutputHelper output) => _output = output;

    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_KILL_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 100;

    [Fact]
    public async Task A_killed_process_leaves_everything_it_acknowledged()
    {
        using var temp = new TempDirectory("kill");
        await Seeded.RunAsync(async random =>
        {
            var stores = new[]
            {
                new Target(temp["small"], 64 << 10, 20),
                new Target(temp["checkpoints"], 256 << 10, 10),
                new Target(temp["large"], 8 << 20, 1000),
            };
            var seeds = stores.Select(_ => random.Next()).ToArray();
            await Task.WhenAll(stores.Select((store, which) => Task.Run(() => RunAsync(store, which, stores.Length, new Random(seeds[which])))));
            foreach (var store in stores)
                _output.WriteLine(store.ToString());
        });
    }

    private static async Task RunAsync(Target store, int first, int step, Random random)
    {
        for (var round = first; round < Rounds; round += step)
            await store.RunRoundAsync(round, random);
        await store.CheckAsync();
    }

    /// <summary>A directory that lives through all rounds.</summary>
    private sealed class Target(string directory, int segmentSize, int checkpointMilliseconds)
    {
        private readonly KillLedger _ledger = new();
        private readonly Dictionary<string, int> _repairs = [];
        private int _kills;
        private int _beforeOpen;

        public async Task RunRoundAsync(int round, Random random)
        {
            var settings = new CrashSettings(directory, round, random.Next(), segmentSize, checkpointMilliseconds, random.Next(1, 9));
            // Some are killed while they recover, most after so many acknowledgements.
            var acknowledgements = random.Next(4) == 0 ? 0 : random.Next(1, 3000);
            await KillAsync(settings, acknowledgements);
            if (random.Next(3) != 0)
                await CheckAsync();
        }

        public async Task CheckAsync()
        {
            var settings = new CrashSettings(directory, 0, 0, segmentSize, 60_000, 1);
            await using var store = MessageStore.Open(settings.Options());
            foreach (var repair in store.Repairs)
                _repairs[repair.Name] = _repairs.GetValueOrDefault(repair.Name) + 1;
            _ledger.Check(store);
        }

        public override string ToString() =>
            $"{Path.GetFileName(directory)}: {_kills} kills ({_beforeOpen} while opening), {_ledger.Acknowledged} acknowledged, {_ledger.Compared} compared, repairs: "
            + string.Join(", ", _repairs.Select(pair => $"{pair.Key} {pair.Value}"));

        private async Task KillAsync(CrashSettings settings, int acknowledgements)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(KillTests).Assembly.Location, "crash-child", .. settings.Arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            try
            {
                var errors = process.StandardError.ReadToEndAsync();
                var isOpen = false;
                var isKilled = false;
                while (await process.StandardOutput.ReadLineAsync().Within("a line of the child", TimeSpan.FromMinutes(1)) is { } line)
                {
                    isOpen |= line == "open;";
                    _ledger.Take(line);
                    if (isKilled || (acknowledgements == 0 ? line != "opening;" : !line.StartsWith("a ", StringComparison.Ordinal) || --acknowledgements > 0))
                        continue;
                    process.Kill();
                    isKilled = true;
                }

                await process.WaitForExitAsync().Within("the end of the child");
                Assert.True(isKilled, $"the child ended by itself: {await errors}");
                _kills++;
                _beforeOpen += isOpen ? 0 : 1;
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
    }
}
