using System.Globalization;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>What a child is to do.</summary>
/// <param name="Directory">The store.</param>
/// <param name="Run">Part of every message, so that no two runs write the same one.</param>
/// <param name="Seed">Decides what is sent.</param>
/// <param name="SegmentSize">Of a new store.</param>
/// <param name="CheckpointMilliseconds">Between two checkpoints.</param>
/// <param name="Threads">Senders.</param>
internal sealed record CrashSettings(string Directory, int Run, int Seed, int SegmentSize, int CheckpointMilliseconds, int Threads)
{
    /// <summary>The settings as arguments of a program.</summary>
    public IEnumerable<string> Arguments =>
        [Directory, Text(Run), Text(Seed), Text(SegmentSize), Text(CheckpointMilliseconds), Text(Threads)];

    public static CrashSettings? Parse(string[] arguments)
    {
        if (arguments.Length != 6)
            return null;
        var numbers = arguments.Skip(1).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToList();
        return numbers.Contains(-1) ? null : new CrashSettings(arguments[0], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    }

    /// <summary>Small files, so that rolls, closed queue files and full index files happen all the time.</summary>
    public StoreOptions Options() => new()
    {
        Directory = Directory,
        SegmentSize = SegmentSize,
        QueueFileEntries = 100,
        MaxOpenQueueFiles = 4,
        IndexSlots = 100,
        IndexEntries = 500,
        MaxBodySize = SegmentSize / 4,
        CheckpointInterval = TimeSpan.FromMilliseconds(CheckpointMilliseconds),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
