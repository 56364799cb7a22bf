using System.CommandLine;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;
using Spectre.Console;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>groups [list|show|create|delete]</c>.</summary>
internal sealed class GroupsCommand
{
    private readonly Argument<string> _group = new("GROUP") { Description = "consumer group" };
    private readonly Option<int> _retries = new("--max-retries") { Description = "tries after which a message becomes a dead letter (default 16)", HelpName = "N", DefaultValueFactory = _ => 16 };
    private readonly Option<bool> _ordered = new("--ordered") { Description = "a queue is handled in order" };
    private readonly Option<bool> _disabled = new("--disabled") { Description = "it may not consume" };
    private readonly Option<bool> _progress = new("--progress") { Description = "delete its progress too" };
    private readonly Option<bool> _all = new("--all") { Description = "system groups too" };
    private readonly Option<bool> _yes = new("--yes") { Description = "delete it" };

    public static Command Describe(CommonOptions common)
    {
        var own = new GroupsCommand();
        Command command = common.Act(new Command("groups", "list, look at, create and delete consumer groups") { own._all }, own.ListAsync);
        command.Subcommands.Add(common.Act(new Command("list", "list the groups with their members and lag") { own._all }, own.ListAsync));
        command.Subcommands.Add(common.Act(new Command("show", "the members of a group, and where it is") { own._group }, own.ShowAsync));
        command.Subcommands.Add(common.Act(new Command("create", "create a group, or change its settings") { own._group, own._retries, own._ordered, own._disabled }, own.CreateAsync));
        command.Subcommands.Add(common.Act(new Command("delete", "delete a group") { own._group, own._progress, own._yes }, own.DeleteAsync));
        return command;
    }

    private async Task<int> ListAsync(Invocation run)
    {
        IReadOnlyList<string> groups = await Progress.GroupsAsync(run, run.Get(_all));
        IReadOnlyList<GroupLine> lines = await run.ProgressAsync("asking for groups", groups.Count, async report =>
        {
            var found = new List<GroupLine>(groups.Count);
            foreach (string group in groups)
            {
                IReadOnlyList<TopicLag> topics = await Progress.OfAsync(run, group);
                found.Add(new GroupLine(group, (await Progress.MembersAsync(run, group)).Count, topics.Count == 0 ? null : topics.Sum(topic => topic.Lag)));
                report(found.Count);
            }

            return found;
        });
        await run.AnswerAsync(lines, CliJson.Plain.IReadOnlyListGroupLine, all => Shown.Table(
            ["group", "#members", "#lag"], all.Select(line => new string?[] { line.Group, Shown.Count(line.Members), line.Lag is { } lag ? Shown.Count(lag) : null })));
        return ExitCode.Done;
    }

    private async Task<int> ShowAsync(Invocation run)
    {
        string group = run.Get(_group);
        await Progress.RequireAsync(run, group);
        var detail = new GroupDetail(group, await Progress.MembersAsync(run, group), await Progress.OfAsync(run, group));
        await run.AnswerAsync(detail, CliJson.Plain.GroupDetail, shown => new Rows(
            Shown.Table(["member", "address", "language"], shown.Members.Select(member => new[] { member.ClientId, member.Address, member.Language })),
            Shown.Table(["topic", "#queues", "#lag"], shown.Topics.Select(topic => new[] { topic.Topic, Shown.Count(topic.Queues.Count), Shown.Count(topic.Lag) }))));
        return ExitCode.Done;
    }

    private async Task<int> CreateAsync(Invocation run)
    {
        int retries = run.Get(_retries);
        if (retries is < 0 or > 1000)
        {
            throw CliException.Usage("--max-retries must be 0 to 1000.");
        }

        string group = run.Get(_group);
        var settings = new GroupSettings(group) { MaxRetries = retries, IsOrdered = run.Get(_ordered), CanConsume = !run.Get(_disabled) };
        await run.Admin.Groups.CreateAsync(settings, null, run.Cancelled);
        await run.AnswerAsync(new Done("created", group), CliJson.Plain.Done, done => Shown.Words($"{done.Name} is created"));
        return ExitCode.Done;
    }

    private async Task<int> DeleteAsync(Invocation run)
    {
        string group = run.Get(_group);
        if (!run.Get(_yes))
        {
            throw CliException.Usage($"This deletes group {group} on all brokers. Say --yes.");
        }

        await Progress.RequireAsync(run, group);
        await run.Admin.Groups.DeleteAsync(group, run.Get(_progress), run.Cancelled);
        await run.AnswerAsync(new Done("deleted", group), CliJson.Plain.Done, done => Shown.Words($"{done.Name} is deleted"));
        return ExitCode.Done;
    }
}
