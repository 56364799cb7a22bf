using System.CommandLine;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>dlq list|show|resend</c>: dead letters.</summary>
internal sealed class DeadLettersCommand
{
    private const string Prefix = "%DLQ%";

    private readonly Argument<string> _group = new("GROUP") { Description = "consumer group" };
    private readonly Option<int> _limit = new("--limit") { Description = "the oldest so many (default 100)", HelpName = "N", DefaultValueFactory = _ => 100 };
    private readonly Option<string[]> _ids = new("--id") { Description = "the message with this id; may be repeated", HelpName = "ID" };
    private readonly Option<bool> _all = new("--all") { Description = "all of them" };

    public static Command Describe(CommonOptions common)
    {
        var own = new DeadLettersCommand();
        var command = new Command("dlq", "list, look at and resend dead letters");
        command.Subcommands.Add(common.Act(new Command("list", "the groups that have dead letters"), ListAsync));
        command.Subcommands.Add(common.Act(new Command("show", "the dead letters of a group, oldest first") { own._group, own._limit }, own.ShowAsync));
        command.Subcommands.Add(common.Act(new Command("resend", "give dead letters to their group again; they stay in the list") { own._group, own._ids, own._all }, own.ResendAsync));
        return command;
    }

    private static async Task<int> ListAsync(Invocation run)
    {
        var lines = new List<DeadLetterLine>();
        foreach (string topic in (await run.Admin.ListTopicsAsync(run.Cancelled)).Where(topic => topic.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            IReadOnlyList<QueueEnds> ends = await run.Admin.GetTopicEndsAsync(topic, run.Cancelled);
            lines.Add(new DeadLetterLine(topic[Prefix.Length..], ends.Sum(queue => queue.End - queue.First)));
        }

        await run.AnswerAsync<IReadOnlyList<DeadLetterLine>>(lines, CliJson.Plain.IReadOnlyListDeadLetterLine, all => Shown.Table(
            ["group", "#dead letters"], all.Select(line => new[] { line.Group, Shown.Count(line.Messages) })));
        return ExitCode.Done;
    }

    private async Task<int> ShowAsync(Invocation run)
    {
        int limit = run.Get(_limit);
        if (limit is < 1 or > 100_000)
        {
            throw CliException.Usage("--limit must be 1 to 100000.");
        }

        var letters = new List<ShownMessage>();
        await foreach (ReceivedMessage message in run.Admin.Messages.ReadDeadLettersAsync(run.Get(_group), run.Cancelled))
        {
            letters.Add(ShownMessage.Of(message));
            if (letters.Count == limit)
            {
                break;
            }
        }

        await run.AnswerAsync<IReadOnlyList<ShownMessage>>(letters, CliJson.Plain.IReadOnlyListShownMessage, all => Shown.Table(
            ["message id", "topic", "stored", "#attempts", "tag", "keys", "body"],
            all.Select(letter => new[] { letter.MessageId, letter.Properties.GetValueOrDefault("RETRY_TOPIC") ?? letter.Topic, Shown.Time(letter.StoredAt), Shown.Count(letter.Attempt), letter.Tag, letter.Keys, letter.Body ?? letter.BodyBase64 })));
        return ExitCode.Done;
    }

    private async Task<int> ResendAsync(Invocation run)
    {
        string[] ids = run.Get(_ids) ?? [];
        if (run.Get(_all) == (ids.Length > 0))
        {
            throw CliException.Usage("Say --all, or which by --id.");
        }

        string group = run.Get(_group);
        var waiting = new HashSet<string>(ids, StringComparer.Ordinal);
        long known = await CountAsync(run, group);
        List<string> sent = await run.ProgressAsync("resending", known, async report =>
        {
            var done = new List<string>();
            long seen = 0;
            await foreach (ReceivedMessage letter in run.Admin.Messages.ReadDeadLettersAsync(group, run.Cancelled))
            {
                report(++seen);
                if (ids.Length == 0 || waiting.Remove(letter.MessageId))
                {
                    await run.Admin.Messages.ResendAsync(group, letter, run.Cancelled);
                    done.Add(letter.MessageId);
                }
            }

            return done;
        });
        await run.AnswerAsync(new Resent(group, sent.Count, sent), CliJson.Plain.Resent, resent => Shown.Words($"{Shown.Count(resent.Sent)} dead letters are given to {resent.Group} again"));
        return waiting.Count == 0 ? ExitCode.Done : throw new CliException(ExitCode.NotFound, $"Group {group} has no dead letter with id {string.Join(", ", waiting)}.");
    }

    private static async Task<long> CountAsync(Invocation run, string group)
    {
        try
        {
            return (await run.Admin.GetTopicEndsAsync(Prefix + group, run.Cancelled)).Sum(queue => queue.End - queue.First);
        }
        catch (TopicNotFoundException)
        {
            return 0;
        }
    }
}
