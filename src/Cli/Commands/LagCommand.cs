using System.CommandLine;
using ProtoBridgeMQ.Cli.Output;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>lag [GROUP...]</c>: how much groups have before them.</summary>
internal sealed class LagCommand
{
    private readonly Argument<string[]> _groups = new("GROUP") { Description = "groups; without one, all that have progress", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _queues = new("--queues") { Description = "a line for each queue" };
    private readonly Option<bool> _all = new("--all") { Description = "system groups too" };
    private readonly Option<long?> _over = new("--over") { Description = "end with code 1 when a group has more messages than this before it in a topic", HelpName = "N" };

    public static Command Describe(CommonOptions common)
    {
        var own = new LagCommand();
        return common.Act(new Command("lag", "how many messages groups have before them") { own._groups, own._all, own._queues, own._over }, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        string[] given = run.Get(_groups);
        IReadOnlyList<string> known = await Progress.GroupsAsync(run, given.Length > 0 || run.Get(_all));
        if (given.FirstOrDefault(group => !known.Contains(group)) is { } missing)
        {
            throw new CliException(ExitCode.NotFound, $"No broker knows group {missing}.");
        }

        IReadOnlyList<string> groups = given.Length > 0 ? given : known;
        IReadOnlyList<GroupLag> lags = await run.ProgressAsync("asking for progress", groups.Count, async report =>
        {
            var found = new List<GroupLag>();
            int asked = 0;
            foreach (string group in groups)
            {
                found.AddRange((await Progress.OfAsync(run, group)).Select(topic => new GroupLag(group, topic.Topic, topic.Lag, topic.Queues)));
                report(++asked);
            }

            return found;
        });
        await run.AnswerAsync(lags, CliJson.Plain.IReadOnlyListGroupLag, all => run.Get(_queues)
            ? Shown.Table(
                ["group", "topic", "broker", "#queue", "#progress", "#end", "#lag", "handled up to"],
                all.SelectMany(lag => lag.Queues.Select(queue => new[]
                {
                    lag.Group, lag.Topic, queue.Broker, Shown.Count(queue.Queue), Shown.Count(queue.Offset), Shown.Count(queue.End), Shown.Count(queue.Lag), Shown.Time(queue.LastHandledStoredAt),
                })))
            : Shown.Table(["group", "topic", "#queues", "#lag"], all.Select(lag => new[] { lag.Group, lag.Topic, Shown.Count(lag.Queues.Count), Shown.Count(lag.Lag) })));
        return run.Get(_over) is { } limit && lags.Any(lag => lag.Lag > limit) ? ExitCode.Failed : ExitCode.Done;
    }
}
