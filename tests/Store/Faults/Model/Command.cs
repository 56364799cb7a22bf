using System.Globalization;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>One step of a history. Prints as what one would write down to tell somebody about it.</summary>
internal abstract record Command
{
    /// <summary>Carries it out on the store and on the model, and compares.</summary>
    public abstract Task RunAsync(History history);

    /// <summary>Simpler commands that may fail in the same way.</summary>
    public virtual IEnumerable<Command> Simpler() => [];

    internal static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One message.</summary>
internal sealed record Append(int Queue, int Size) : Command
{
    public override Task RunAsync(History history)
    {
        history.Append(Queue, Size);
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Size > 0)
            yield return this with { Size = Size / 4 };
        if (Queue > 0)
            yield return this with { Queue = 0 };
    }

    public override string ToString() => $"append {Text(Size)} bytes to queue {Text(Queue)}";
}

/// <summary>Several messages that come or go together as far as a killed process is concerned.</summary>
internal sealed record Batch(int Queue, int Count) : Command
{
    public override Task RunAsync(History history)
    {
        history.AppendBatch(Queue, Count);
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        yield return new Append(Queue, 0);
        if (Count > 1)
            yield return this with { Count = Count - 1 };
    }

    public override string ToString() => $"append a batch of {Text(Count)} to queue {Text(Queue)}";
}

/// <summary>Waits for the acknowledgement of all before it.</summary>
internal sealed record Acknowledge : Command
{
    public override Task RunAsync(History history) => history.AcknowledgeAsync();

    public override string ToString() => "wait until all is durable";
}

/// <summary>Waits until all can be read.</summary>
internal sealed record Dispatch : Command
{
    public override Task RunAsync(History history) => history.DispatchAsync();

    public override string ToString() => "wait until all is dispatched";
}

/// <summary>Reads the queues and remembers what it saw.</summary>
internal sealed record ReadQueues : Command
{
    public override Task RunAsync(History history)
    {
        history.Read();
        return Task.CompletedTask;
    }

    public override string ToString() => "read the queues";
}

/// <summary>Writes a checkpoint.</summary>
internal sealed record WriteCheckpoint : Command
{
    public override Task RunAsync(History history)
    {
        history.Checkpoint();
        return Task.CompletedTask;
    }

    public override string ToString() => "checkpoint";
}

/// <summary>Deletes the head of the log, up to a share of it.</summary>
internal sealed record DeleteHead(int Percent) : Command
{
    public override Task RunAsync(History history)
    {
        history.DeleteHead(Percent);
        return Task.CompletedTask;
    }

    public override string ToString() => $"delete the first {Text(Percent)} % of the log";
}

/// <summary>Has a topic keep the latest message of each key.</summary>
internal sealed record Compact : Command
{
    public override Task RunAsync(History history)
    {
        history.Compact();
        return Task.CompletedTask;
    }

    public override string ToString() => "keep the latest of each key";
}

/// <summary>A message that comes later.</summary>
internal sealed record PutAway(int Milliseconds) : Command
{
    public override Task RunAsync(History history)
    {
        history.PutAway(Milliseconds);
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Milliseconds > 1000)
            yield return new PutAway(1000);
    }

    public override string ToString() => $"put a message away for {Text(Milliseconds)} ms";
}

/// <summary>Takes one back that was put away.</summary>
internal sealed record Recall(int Which) : Command
{
    public override Task RunAsync(History history) => history.RecallAsync(Which);

    public override string ToString() => $"recall ({Text(Which)})";
}

/// <summary>Time goes by.</summary>
internal sealed record Pass(int Milliseconds) : Command
{
    public override Task RunAsync(History history)
    {
        history.Pass(Milliseconds);
        return Task.CompletedTask;
    }

    public override string ToString() => $"{Text(Milliseconds)} ms pass";
}

/// <summary>Makes a light queue.</summary>
internal sealed record MakeLightQueue(int Queue) : Command
{
    public override Task RunAsync(History history)
    {
        history.MakeLightQueue(Queue);
        return Task.CompletedTask;
    }

    public override string ToString() => $"make light queue {LightQueueModel.NameOf(Queue)}";
}

/// <summary>Deletes a light queue.</summary>
internal sealed record DeleteLightQueue(int Queue) : Command
{
    public override Task RunAsync(History history)
    {
        history.DeleteLightQueue(Queue);
        return Task.CompletedTask;
    }

    public override string ToString() => $"delete light queue {LightQueueModel.NameOf(Queue)}";
}

/// <summary>The disk changes one bit of a message that it has, before the store is opened the next time.</summary>
internal sealed record FlipBit(int Seed) : Command
{
    public override Task RunAsync(History history)
    {
        history.FlipBit(Seed);
        return Task.CompletedTask;
    }

    public override string ToString() => $"a bit of a message will flip ({Text(Seed)})";
}

/// <summary>The kernel writes dirty pages back by itself.</summary>
internal sealed record WriteBack(int Seed) : Command
{
    public override Task RunAsync(History history)
    {
        history.Files.WriteBack(Seed);
        return Task.CompletedTask;
    }

    public override string ToString() => $"some dirty pages reach the disk ({Text(Seed)})";
}

/// <summary>Flushes of the log take until further notice.</summary>
internal sealed record HoldFlushes : Command
{
    public override Task RunAsync(History history)
    {
        history.HoldFlushes();
        return Task.CompletedTask;
    }

    public override string ToString() => "flushes hang";
}

/// <summary>The disk has so much more room and no more.</summary>
internal sealed record FillDisk(int Room) : Command
{
    public override Task RunAsync(History history)
    {
        history.Files.Capacity = history.Files.Used + Room;
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Room > 0)
            yield return this with { Room = 0 };
    }

    public override string ToString() => $"the disk has room for {Text(Room)} bytes";
}

/// <summary>The disk has room again.</summary>
internal sealed record MakeRoom : Command
{
    public override Task RunAsync(History history) => history.MakeRoomAsync();

    public override string ToString() => "the disk has room";
}

/// <summary>Calls of one kind fail.</summary>
internal sealed record FailCalls(FileCall Call, string Path, int Skip, int Times) : Command
{
    public override Task RunAsync(History history)
    {
        history.Fail(new Fault(Call, Path, Skip, Times));
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Skip > 0)
            yield return this with { Skip = 0 };
        if (Times > 1)
            yield return this with { Times = 1 };
    }

    public override string ToString() =>
        $"EIO for {(Times == int.MaxValue ? "every" : Text(Times))} {Call} of '{Path}' after {Text(Skip)}";
}

/// <summary>Calls of one kind find no room, or no handle.</summary>
internal sealed record Lack(FileCall Call, string Path, int Skip, int Times) : Command
{
    public override Task RunAsync(History history)
    {
        history.Lack(new Fault(Call, Path, Skip, Times, FaultEffect.DiskFull));
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Skip > 0)
            yield return this with { Skip = 0 };
        if (Times > 1)
            yield return this with { Times = 1 };
    }

    public override string ToString() =>
        $"ENOSPC for {(Times == int.MaxValue ? "every" : Text(Times))} {Call} of '{Path}' after {Text(Skip)}";
}

/// <summary>The kernel writes dirty pages back by itself, and the disk refuses some.</summary>
internal sealed record FailWriteBack(int Seed) : Command
{
    public override Task RunAsync(History history)
    {
        history.FailWriteBack(Seed);
        return Task.CompletedTask;
    }

    public override string ToString() => $"some dirty pages are refused by the disk ({Text(Seed)})";
}

/// <summary>Calls do not fail any more. What failed stays failed.</summary>
internal sealed record Heal : Command
{
    public override Task RunAsync(History history)
    {
        history.Files.ClearFaults();
        return Task.CompletedTask;
    }

    public override string ToString() => "no more EIO";
}

/// <summary>The machine stands still after so many more calls; what comes next is a power cut.</summary>
internal sealed record StopAfter(int Calls) : Command
{
    public override Task RunAsync(History history)
    {
        history.StopAfter(Calls);
        return Task.CompletedTask;
    }

    public override IEnumerable<Command> Simpler()
    {
        if (Calls > 0)
            yield return this with { Calls = Calls / 2 };
    }

    public override string ToString() => $"the machine stops after {Text(Calls)} more calls";
}

/// <summary>Closes the store and opens it again.</summary>
internal sealed record Restart(FlushMode Mode) : Command
{
    public override Task RunAsync(History history) => history.RestartAsync(Mode);

    public override IEnumerable<Command> Simpler()
    {
        if (Mode != FlushMode.Fsync)
            yield return new Restart(FlushMode.Fsync);
    }

    public override string ToString() => $"stop, start ({Mode})";
}

/// <summary>Kills the process and opens the store again.</summary>
internal sealed record Kill(FlushMode Mode) : Command
{
    public override Task RunAsync(History history) => history.CrashAsync(null, Mode);

    public override IEnumerable<Command> Simpler()
    {
        if (Mode != FlushMode.Fsync)
            yield return new Kill(FlushMode.Fsync);
    }

    public override string ToString() => $"kill, start ({Mode})";
}

/// <summary>The power goes and comes back.</summary>
internal sealed record PowerCut(int Seed, FlushMode Mode) : Command
{
    public override Task RunAsync(History history) => history.CrashAsync(Seed, Mode);

    public override IEnumerable<Command> Simpler()
    {
        if (Mode != FlushMode.Fsync)
            yield return this with { Mode = FlushMode.Fsync };
    }

    public override string ToString() => $"power cut ({Text(Seed)}), start ({Mode})";
}
