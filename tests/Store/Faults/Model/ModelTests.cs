using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using ProtoBridgeMQ.Tests.Support;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>
/// A store and its model live through random histories; after each crash the store has a prefix of what was appended,
/// with everything that was acknowledged, read or on the disk, queues without a gap, timers that come once, light queues with
/// what matches them, and the latest of each key of a compacted topic.
/// Histories: PROTOBRIDGE_STORE_HISTORIES (600, 400 with flipped bits, 1000 with
/// a failing disk by default). A failure prints a short history and its seed, which
/// PROTOBRIDGE_SEED repeats.
/// </summary>
public sealed class ModelTests
{
    private static string? Asked => Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_HISTORIES");

    [Fact]
    public void After_any_crash_nothing_acknowledged_or_read_is_missing() => Check(Histories.OfCrashes, 600);

    [Fact]
    public void After_any_failure_of_the_disk_and_any_crash_nothing_acknowledged_or_read_is_missing() => Check(Histories.OfFaults, 1000);

    [Fact]
    public void After_any_crash_and_flipped_bits_at_most_the_damaged_messages_are_missing() => Check(Histories.OfFlips, 400);

    private static void Check(Arbitrary<Script> histories, int usual)
    {
        var seed = Seeded.NextSeed();
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(int.TryParse(Asked, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : usual)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd((ulong)seed), FSharpOption<int>.None)));
        try
        {
            Prop.ForAll(histories, Run).Check(config);
        }
        catch (Exception failure)
        {
            throw new XunitException($"Run again with PROTOBRIDGE_SEED={seed}: {failure.Message}");
        }
    }

    private static Task Run(Script script) => Task.Run(() => History.RunAsync(script.Commands));
}
