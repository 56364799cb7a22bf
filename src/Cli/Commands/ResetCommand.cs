using System.CommandLine;
using System.Globalization;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>reset GROUP TOPIC --to WHERE</c>: sets the progress of a group; running members go on there.</summary>
internal sealed class ResetCommand
{
    private readonly Argument<string> _group = new("GROUP") { Description = "consumer group" };
    private readonly Argument<string> _topic = new("TOPIC") { Description = "topic" };
    private readonly Option<string> _to = new("--to") { Description = "beginning, end, an ISO time, -1h, or an offset with --queue", HelpName = "WHERE", Required = true };
    private readonly Option<string> _queue = new("--queue") { Description = "this queue only: BROKER/NUMBER", HelpName = "QUEUE" };

    public static Command Describe(CommonOptions common)
    {
        var own = new ResetCommand();
        return common.Act(new Command("reset", "set the progress of a group in a topic; running members go on there") { own._group, own._topic, own._to, own._queue }, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        (string group, string topic, string to) = (run.Get(_group), run.Get(_topic), run.Get(_to)!);
        await Progress.RequireAsync(run, group);
        IReadOnlyList<QueueEnds> ends = await run.Admin.GetTopicEndsAsync(topic, run.Cancelled);
        if (run.Get(_queue) is { } text)
        {
            QueueEnds one = ends.FirstOrDefault(queue => $"{queue.Queue.BrokerName}/{queue.Queue.QueueId}" == text)
                ?? throw new CliException(ExitCode.NotFound, $"Topic {topic} has no queue {text}: it has {string.Join(", ", ends.Select(queue => $"{queue.Queue.BrokerName}/{queue.Queue.QueueId}"))}.");
            long offset = Offset(to, one);
            await run.Admin.Groups.ResetAsync(group, one.Queue, offset, run.Cancelled);
            return await AnswerAsync(run, new Dictionary<MessageQueue, long> { [one.Queue] = offset });
        }

        return to switch
        {
            "beginning" => await AnswerAsync(run, await run.Admin.Groups.ResetAsync(group, topic, DateTimeOffset.UnixEpoch, run.Cancelled)),
            "end" => await AnswerAsync(run, await run.Admin.Groups.ResetToEndAsync(group, topic, run.Cancelled)),
            _ => await AnswerAsync(run, await run.Admin.Groups.ResetAsync(group, topic, Times.Point("--to", to, Invocation.Now), run.Cancelled)),
        };
    }

    private static long Offset(string to, QueueEnds queue) => to switch
    {
        "beginning" => queue.First,
        "end" => queue.End,
        _ when long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out long offset) && offset >= queue.First && offset <= queue.End => offset,
        _ => throw CliException.Usage($"--to is '{to}': with --queue say beginning, end, or an offset from {queue.First} to {queue.End}."),
    };

    private static async Task<int> AnswerAsync(Invocation run, IReadOnlyDictionary<MessageQueue, long> offsets)
    {
        IReadOnlyList<NewPlace> places = [.. offsets
            .OrderBy(queue => queue.Key)
            .Select(queue => new NewPlace(queue.Key.Topic, queue.Key.BrokerName, queue.Key.QueueId, queue.Value))];
        await run.AnswerAsync(places, CliJson.Plain.IReadOnlyListNewPlace, all => Shown.Table(
            ["topic", "broker", "#queue", "#goes on at"], all.Select(place => new[] { place.Topic, place.Broker, Shown.Count(place.Queue), Shown.Count(place.Offset) })));
        return ExitCode.Done;
    }
}
