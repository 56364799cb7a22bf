using System.CommandLine;
using System.CommandLine.Parsing;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Inspection;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>
/// <c>store verify|dump|stats DIR</c>: looks at a store directory without changing it, whether a broker runs in it or not.
/// </summary>
internal static class StoreCommand
{
    /// <summary>Nothing is wrong, or nothing that the next start does not repair.</summary>
    public const int Sound = 0;

    /// <summary>There is damage.</summary>
    public const int Damaged = 1;

    /// <summary>It cannot be read, or the command line says what is not possible.</summary>
    public const int CannotRead = 2;

    public static Command Create(TextWriter output)
    {
        var command = new Command("store", "Looks at a store directory. Changes nothing; a broker may run in it");
        command.Subcommands.Add(Verify(output));
        command.Subcommands.Add(Dump(output));
        command.Subcommands.Add(Stats(output));
        return command;
    }

    private static Argument<string> DirectoryArgument() => new("directory") { Description = "The store directory" };

    private static Option<bool> Json() => new("--json") { Description = "JSON instead of text" };

    private static Command Verify(TextWriter output)
    {
        Argument<string> directory = DirectoryArgument();
        Option<bool> json = Json();
        var max = new Option<int>("--max-findings") { Description = "Findings that are listed; all are counted", DefaultValueFactory = _ => 100 };
        max.Validators.Add(AtLeast(max, 0));
        var command = new Command("verify", "Holds every record, queue entry, index entry and table against the others. Exit code 0: sound, 1: damage, 2: cannot be read") { directory, json, max };
        command.SetAction((parsed, cancellation) => Task.FromResult(Guard(parsed, () =>
        {
            using var screen = new Screen(output, parsed.GetValue(json));
            return VerifyOutput.Run(StoreFiles.Open(parsed.GetValue(directory)!), parsed.GetValue(max), screen, cancellation);
        })));
        return command;
    }

    private static Command Dump(TextWriter output)
    {
        Argument<string> directory = DirectoryArgument();
        Option<bool> json = Json();
        var records = new Option<bool>("--records") { Description = "Records (the default when nothing else is asked for)" };
        var queues = new Option<bool>("--queues") { Description = "Queue entries" };
        var index = new Option<bool>("--index") { Description = "Key index" };
        var checkpoint = new Option<bool>("--checkpoint") { Description = "Checkpoint" };
        var config = new Option<bool>("--config") { Description = "Tables under config/" };
        var topic = new Option<string?>("--topic") { Description = "Only this topic" };
        var queue = new Option<int?>("--queue") { Description = "Only this queue" };
        var from = new Option<long>("--from") { Description = "Only records at or behind this physical offset" };
        var to = new Option<long>("--to") { Description = "Only records before this physical offset", DefaultValueFactory = _ => long.MaxValue };
        var key = new Option<string?>("--key") { Description = "Only messages with this key or unique key" };
        var limit = new Option<long>("--limit") { Description = "At most so many records, and entries a queue or index file", DefaultValueFactory = _ => long.MaxValue };
        var body = new Option<BodyForm>("--body") { Description = "How bodies are shown", DefaultValueFactory = _ => BodyForm.None };
        limit.Validators.Add(AtLeast(limit, 0L));
        from.Validators.Add(AtLeast(from, 0L));
        var command = new Command("dump", "Shows what is in the files") { directory, json, records, queues, index, checkpoint, config, topic, queue, from, to, key, limit, body };
        command.SetAction((parsed, cancellation) => Task.FromResult(Guard(parsed, () =>
        {
            var wanted = new DumpRequest
            {
                Queues = parsed.GetValue(queues),
                Index = parsed.GetValue(index),
                Checkpoint = parsed.GetValue(checkpoint),
                Config = parsed.GetValue(config),
                Topic = parsed.GetValue(topic),
                Queue = parsed.GetValue(queue),
                From = parsed.GetValue(from),
                To = parsed.GetValue(to),
                Key = parsed.GetValue(key),
                Limit = parsed.GetValue(limit),
                Body = parsed.GetValue(body),
            };
            wanted.Records = parsed.GetValue(records) || wanted is { Queues: false, Index: false, Checkpoint: false, Config: false };
            using var screen = new Screen(output, parsed.GetValue(json));
            return DumpOutput.Run(StoreFiles.Open(parsed.GetValue(directory)!), wanted, screen, cancellation);
        })));
        return command;
    }

    private static Command Stats(TextWriter output)
    {
        Argument<string> directory = DirectoryArgument();
        Option<bool> json = Json();
        var exact = new Option<bool>("--exact") { Description = "Reads every record instead of the queues" };
        var largest = new Option<int>("--largest") { Description = "How many of the largest records are named", DefaultValueFactory = _ => 10 };
        largest.Validators.Add(AtLeast(largest, 0));
        var command = new Command("stats", "Counts messages and bytes of topics and queues") { directory, json, exact, largest };
        command.SetAction((parsed, cancellation) => Task.FromResult(Guard(parsed, () =>
        {
            using var screen = new Screen(output, parsed.GetValue(json));
            return StatsOutput.Run(StoreFiles.Open(parsed.GetValue(directory)!), parsed.GetValue(exact), parsed.GetValue(largest), screen, cancellation);
        })));
        return command;
    }

    private static Action<OptionResult> AtLeast<T>(Option<T> option, T least)
        where T : IComparable<T> => result =>
        {
            if (result.GetValueOrDefault<T>() is { } value && value.CompareTo(least) < 0)
            {
                result.AddError($"{option.Name} is at least {least}.");
            }
        };

    private static int Guard(ParseResult parsed, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception error) when (error is StoreUnusableException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            parsed.InvocationConfiguration.Error.WriteLine(error.Message);
            return CannotRead;
        }
    }
}
