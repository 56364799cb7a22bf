using System.CommandLine;
using System.CommandLine.Completions;
using ProtoBridgeMQ.Cli.Commands;

namespace ProtoBridgeMQ.Cli;

/// <summary>The command line of the program.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(5);

    /// <summary>Parses, runs, answers with the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        RootCommand root = Describe(output, error);
        ParseResult parsed = root.Parse(args);
        bool suggests = parsed.Tokens.Any(token => token.Value.StartsWith("[suggest", StringComparison.Ordinal));
        if (parsed.Errors.Count > 0 && !suggests)
        {
            // "A command is missing" is true and says less than the word that is none.
            string wrong = (parsed.Errors.FirstOrDefault(one => one.Message.Contains('\'', StringComparison.Ordinal)) ?? parsed.Errors[0]).Message;
            await error.WriteLineAsync($"{wrong.ReplaceLineEndings(" ").Replace("\t", string.Empty, StringComparison.Ordinal)} Say --help for what there is.");
            return ExitCode.WrongUsage;
        }

        // After a signal a command leaves its group and commits: that takes a moment.
        var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = EndWithin };
        return await parsed.InvokeAsync(invocation);
    }

    private static RootCommand Describe(TextWriter output, TextWriter error)
    {
        var root = new RootCommand(
            "pbmq: publish to, subscribe to, look at and repair RocketMQ clusters.\n"
            + "Speaks RocketMQ's remoting: brokers of ProtoBridgeMQ and of Apache alike. docs/cli.md has the exit codes.");
        var common = new CommonOptions(root, output, error);
        root.Subcommands.Add(PublishCommand.Describe(common));
        root.Subcommands.Add(SubscribeCommand.Describe(common));
        root.Subcommands.Add(TopicsCommand.Describe(common));
        root.Subcommands.Add(GroupsCommand.Describe(common));
        root.Subcommands.Add(LagCommand.Describe(common));
        root.Subcommands.Add(ResetCommand.Describe(common));
        root.Subcommands.Add(DeadLettersCommand.Describe(common));
        root.Subcommands.Add(BenchCommand.Describe(common));
        root.Subcommands.Add(DoctorCommand.Describe(common));
        root.Subcommands.Add(CompletionCommand.Describe(output));
        if (!root.Directives.OfType<SuggestDirective>().Any())
        {
            root.Directives.Add(new SuggestDirective());
        }

        return root;
    }
}
