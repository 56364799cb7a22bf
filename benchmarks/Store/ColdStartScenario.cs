using System.Diagnostics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>
/// The time until a store is open after its process was killed, against that of an empty one: what it grows with must be
/// the part behind the last checkpoint, not the log. A killed process is a copy of the files with the abort file in it.
/// </summary>
internal static class ColdStartScenario
{
    private const long Unflushed = 16 << 20;

    public static async Task<IReadOnlyList<Line>> RunAsync(BenchmarkOptions options)
    {
        double empty = double.MaxValue;
        for (int round = 0; round < options.Rounds; round++)
        {
            empty = Math.Min(empty, await OpenAsync(BenchmarkStore.Options(options, $"empty-{round}", FlushMode.Async)));
        }

        var lines = new List<Line>();
        byte[] body = new byte[options.Sizes[0]];
        foreach (long log in new[] { Unflushed, (long)options.Megabytes << 20 })
        {
            StoreOptions settings = BenchmarkStore.Options(options, $"cold-{log}", FlushMode.Async);
            settings.CheckpointInterval = TimeSpan.FromMinutes(10);
            byte[] checkpoint;
            await using (MessageStore store = MessageStore.Open(settings))
            {
                BenchmarkStore.Fill(store, body, log - Unflushed);
                await store.WaitDispatchedAsync();
                store.WriteCheckpoint();
                checkpoint = await File.ReadAllBytesAsync(Path.Combine(settings.Directory, "checkpoint"));
                BenchmarkStore.Fill(store, body, log);
                await store.WaitDispatchedAsync();
            }

            await File.WriteAllBytesAsync(Path.Combine(settings.Directory, "checkpoint"), checkpoint);
            await File.WriteAllTextAsync(Path.Combine(settings.Directory, "abort"), "1");
            lines.Add(new Line($"coldstart {log >> 20} MB, {Unflushed >> 20} MB behind the checkpoint", await OpenAsync(settings), empty, "ms", "the same for both sizes"));
            Directory.Delete(settings.Directory, recursive: true);
        }

        return lines;
    }

    private static async Task<double> OpenAsync(StoreOptions settings)
    {
        long started = Stopwatch.GetTimestamp();
        MessageStore store = MessageStore.Open(settings);
        double taken = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await store.DisposeAsync();
        return taken;
    }
}
