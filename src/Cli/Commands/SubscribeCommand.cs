using System.CommandLine;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>subscribe TOPIC</c>: shows what comes; in nobody's name, or as a member of a group whose progress moves.</summary>
internal sealed class SubscribeCommand
{
    private const int MaxOfPoll = 32;
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _topic = new("TOPIC") { Description = "topic; one that does not exist yet is waited for" };
    private readonly Option<string> _group = new("--group") { Description = "consume as a member of this group: what is shown is acknowledged", HelpName = "GROUP" };
    private readonly Option<string> _from = new("--from") { Description = "beginning, end (default), an ISO time, or -1h; with --group where a group without progress begins", HelpName = "WHERE" };
    private readonly Option<string> _filter = new("--filter") { Description = "tags, such as 'a || b'", HelpName = "TAGS" };
    private readonly Option<string> _sql = new("--sql") { Description = "SQL92 expression, such as 'price > 5'", HelpName = "EXPRESSION" };
    private readonly Option<int> _count = new("--count", "-n") { Description = "end after so many messages (default: with Ctrl-C)", HelpName = "N" };
    private readonly Option<string> _wait = new("--wait") { Description = "end when nothing came for this time", HelpName = "TIME" };

    public static Command Describe(CommonOptions common)
    {
        var own = new SubscribeCommand();
        var command = new Command("subscribe", "show the messages of a topic as they come") { own._topic, own._group, own._from, own._filter, own._sql, own._count, own._wait };
        return common.Act(command, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        int count = run.Get(_count);
        if (count < 0 || (run.IsGiven(_count) && count == 0))
        {
            throw CliException.Usage("--count must be 1 or more.");
        }

        TimeSpan? wait = run.Get(_wait) is { } text ? Times.Duration("--wait", text) : null;
        long shown = 0;
        try
        {
            shown = run.Get(_group) is { } group ? await ConsumeAsync(run, group, count, wait) : await ReadAsync(run, count, wait);
        }
        catch (OperationCanceledException) when (run.Cancelled.IsCancellationRequested && count == 0)
        {
            return ExitCode.Done;
        }

        if (shown >= count)
        {
            return ExitCode.Done;
        }

        await run.NoteAsync($"{shown} of {count} messages came, and then none for {run.Get(_wait)}.");
        return ExitCode.WaitedInVain;
    }

    private async Task<long> ReadAsync(Invocation run, int count, TimeSpan? wait)
    {
        await using var reader = new Reader(run.Cluster, new ReaderOptions { Filter = Filter(run) });
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled);
        long shown = 0;
        if (wait is { } first)
        {
            silence.CancelAfter(first);
        }

        try
        {
            await foreach (ReceivedMessage message in reader.ReadAsync(run.Get(_topic), From(run), silence.Token))
            {
                await ShowAsync(run, message);
                if (++shown == count)
                {
                    break;
                }

                if (wait is { } next)
                {
                    silence.CancelAfter(next);
                }
            }
        }
        catch (OperationCanceledException) when (!run.Cancelled.IsCancellationRequested)
        {
        }

        return shown;
    }

    private async Task<long> ConsumeAsync(Invocation run, string group, int count, TimeSpan? wait)
    {
        var options = new PullConsumerOptions { Group = group, AutoCommit = false, MaxMessagesPerQueue = MaxOfPoll };
        (options.From, options.FromTime) = (run.Get(_from) ?? "end") switch
        {
            "end" => (ConsumeFrom.Last, (DateTimeOffset?)null),
            "beginning" => (ConsumeFrom.First, null),
            { } time => (ConsumeFrom.Timestamp, Times.Point("--from", time, Invocation.Now)),
        };
        await using var consumer = new PullConsumer(run.Cluster, options);
        consumer.Subscribe(run.Get(_topic), Filter(run));
        await consumer.StartAsync(run.Cancelled);
        long shown = 0;
        long heard = TimeProvider.System.GetTimestamp();
        while (count == 0 || shown < count)
        {
            int max = count == 0 ? MaxOfPoll : (int)Math.Min(MaxOfPoll, count - shown);
            IReadOnlyList<ReceivedMessage> messages = await consumer.PollAsync(max, PollWait, run.Cancelled);
            foreach (ReceivedMessage message in messages)
            {
                await ShowAsync(run, message);
            }

            // Shown first: what was not written when the program dies comes again.
            await consumer.CommitAsync(run.Cancelled);
            shown += messages.Count;
            heard = messages.Count > 0 ? TimeProvider.System.GetTimestamp() : heard;
            if (wait is { } silence && TimeProvider.System.GetElapsedTime(heard) > silence)
            {
                break;
            }
        }

        return shown;
    }

    private static Task ShowAsync(Invocation run, ReceivedMessage message)
        => run.LineAsync(ShownMessage.Of(message), CliJson.Plain.ShownMessage, shown => shown.ToLine());

    private ReadFrom From(Invocation run) => (run.Get(_from) ?? "end") switch
    {
        "end" => ReadFrom.End,
        "beginning" => ReadFrom.Beginning,
        { } time => ReadFrom.Time(Times.Point("--from", time, Invocation.Now)),
    };

    private MessageFilter Filter(Invocation run)
    {
        if (run.Get(_filter) is not null && run.Get(_sql) is not null)
        {
            throw CliException.Usage("--filter and --sql are two filters: give one of them.");
        }

        return run.Get(_sql) is { } sql ? MessageFilter.BySql(sql) : MessageFilter.ByTags(run.Get(_filter));
    }
}
