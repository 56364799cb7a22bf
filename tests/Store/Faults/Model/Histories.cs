using FsCheck;
using FsCheck.Fluent;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>A list of commands; prints one a line.</summary>
internal sealed record Script(IReadOnlyList<Command> Commands)
{
    public override string ToString() => string.Concat(Commands.Select(command => $"\n  {command}"));
}

/// <summary>Makes histories and simpler ones of one that failed.</summary>
internal static class Histories
{
    private static readonly Gen<FlushMode> Modes = Gen.Frequency((7, Gen.Constant(FlushMode.Fsync)), (1, Gen.Constant(FlushMode.Async)));

    private static readonly Gen<int> Seeds = Gen.Choose(0, 1_000_000);

    private static readonly Gen<int> Queues = Gen.Choose(0, 5);

    /// <summary>Mostly small; some that fill a segment.</summary>
    private static readonly Gen<int> Sizes = Gen.Frequency((12, Gen.Choose(0, 300)), (3, Gen.Choose(300, 4000)), (1, Gen.Choose(4000, 9000)));

    private static readonly Gen<Command> PlainWrites = Gen.Frequency(
        (14, from queue in Queues from size in Sizes select (Command)new Append(queue, size)),
        (3, from queue in Queues from count in Gen.Choose(1, 5) select (Command)new Batch(queue, count)));

    private static readonly Gen<Command> PlainSteps = Gen.Frequency(
        (4, Gen.Constant<Command>(new Acknowledge())),
        (2, Gen.Constant<Command>(new Dispatch())),
        (2, Gen.Constant<Command>(new ReadQueues())),
        (2, Gen.Constant<Command>(new WriteCheckpoint())),
        (2, from seed in Seeds select (Command)new WriteBack(seed)),
        (1, Gen.Constant<Command>(new Compact())),
        (2, from percent in Gen.Choose(0, 100) select (Command)new DeleteHead(percent)));

    private static readonly Gen<Command> Writes = Gen.Frequency(
        (17, PlainWrites),
        (3, from delay in Gen.Frequency((4, Gen.Choose(1, 5_000)), (1, Gen.Choose(5_000, 90_000))) select (Command)new PutAway(delay)));

    private static readonly Gen<Command> Steps = Gen.Frequency(
        (15, PlainSteps),
        (1, from which in Gen.Choose(0, 9) select (Command)new Recall(which)),
        (2, from time in Gen.Frequency((4, Gen.Choose(1, 4_000)), (1, Gen.Choose(4_000, 30_000))) select (Command)new Pass(time)),
        (2, from queue in Gen.Choose(0, 4) select (Command)new MakeLightQueue(queue)),
        (1, from queue in Gen.Choose(0, 4) select (Command)new DeleteLightQueue(queue)));

    private static readonly Gen<Command> Ends = Gen.Frequency(
        (1, from mode in Modes select (Command)new Restart(mode)),
        (2, from mode in Modes select (Command)new Kill(mode)),
        (5, from seed in Seeds from mode in Modes select (Command)new PowerCut(seed, mode)));

    private static readonly Gen<Command> Faults = Gen.Frequency(
        (3, Gen.Constant<Command>(new HoldFlushes())),
        (2, from room in Gen.Choose(0, 40_000) select (Command)new FillDisk(room)),
        (3, Gen.Constant<Command>(new MakeRoom())),
        (3, from fault in FailingCalls from skip in Gen.Choose(0, 3) from times in Gen.Elements(1, 2, int.MaxValue) select (Command)new FailCalls(fault.Call, fault.Path, skip, times)),
        (3, from lack in LackingCalls from skip in Gen.Choose(0, 3) from times in Gen.Elements(1, 2, int.MaxValue) select (Command)new Lack(lack.Call, lack.Path, skip, times)),
        (1, from seed in Seeds select (Command)new FailWriteBack(seed)),
        (1, Gen.Constant<Command>(new Heal())),
        (2, from calls in Gen.Choose(0, 40) select (Command)new StopAfter(calls)));

    private static readonly Gen<Command> Flips = from seed in Seeds select (Command)new FlipBit(seed);

    private static Gen<(FileCall Call, string Path)> FailingCalls => Gen.Elements(
        (FileCall.Flush, "commitlog"),
        (FileCall.Flush, "consumequeue"),
        (FileCall.Flush, "checkpoint"),
        (FileCall.Flush, "index"),
        (FileCall.Flush, string.Empty),
        (FileCall.Write, "commitlog"),
        (FileCall.Write, "consumequeue"),
        (FileCall.Write, "checkpoint"),
        (FileCall.Write, "index"),
        (FileCall.Flush, "compaction"),
        (FileCall.Write, "compaction"),
        (FileCall.Rename, "compaction"),
        (FileCall.Flush, "timer"),
        (FileCall.Write, "timer"),
        (FileCall.Flush, "lightqueues"),
        (FileCall.Write, "lightqueues"),
        (FileCall.Reserve, string.Empty),
        (FileCall.Open, string.Empty),
        (FileCall.Map, string.Empty),
        (FileCall.SetLength, string.Empty),
        (FileCall.SyncDirectory, string.Empty),
        (FileCall.CreateDirectory, string.Empty),
        (FileCall.Delete, string.Empty),
        (FileCall.Rename, string.Empty),
        (FileCall.Read, "consumequeue"));

    /// <summary>
    /// What may find no room, or no handle. A flush that does has lost what it was to flush: that is a failure, and so is a
    /// write of the log, whose blocks are reserved.
    /// </summary>
    private static Gen<(FileCall Call, string Path)> LackingCalls => Gen.Elements(
        (FileCall.Write, "consumequeue"),
        (FileCall.Write, "checkpoint"),
        (FileCall.SetLength, "consumequeue"),
        (FileCall.SetLength, "index"),
        (FileCall.CreateDirectory, "consumequeue"),
        (FileCall.Open, "commitlog"),
        (FileCall.Open, "checkpoint"),
        (FileCall.SyncDirectory, "commitlog"),
        (FileCall.Reserve, "commitlog"),
        (FileCall.Reserve, "index"));

    /// <summary>Histories without failing calls: every one of them ends with all that was acknowledged, and nothing else goes wrong.</summary>
    public static Arbitrary<Script> OfCrashes => Arb.From(Of(Gen.Frequency((20, Writes), (12, Steps), (3, Ends))), Simpler);

    /// <summary>Histories in which the disk flips bits: at most their messages are lost, and it is told.</summary>
    public static Arbitrary<Script> OfFlips => Arb.From(Of(Gen.Frequency((20, Writes), (12, Steps), (3, Ends), (3, Flips))), Simpler);

    /// <summary>Histories in which everything may fail.</summary>
    public static Arbitrary<Script> OfFaults => Arb.From(Of(Gen.Frequency((20, Writes), (10, Steps), (3, Ends), (4, Faults))), Simpler);

    private static Gen<Script> Of(Gen<Command> commands) =>
        from length in Gen.Choose(1, 60)
        from list in Gen.ArrayOf(commands, length)
        select new Script(list);

    private static IEnumerable<Script> Simpler(Script script)
    {
        var commands = script.Commands;
        for (var size = commands.Count / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= commands.Count; at += size)
                yield return new Script([.. commands.Take(at), .. commands.Skip(at + size)]);
        }

        for (var at = 0; at < commands.Count; at++)
        {
            foreach (var simpler in commands[at].Simpler())
                yield return new Script([.. commands.Take(at), simpler, .. commands.Skip(at + 1)]);
        }
    }
}
