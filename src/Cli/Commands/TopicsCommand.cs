using System.CommandLine;
using System.Globalization;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;
using Spectre.Console;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>topics [list|show|create|delete]</c>.</summary>
internal sealed class TopicsCommand
{
    private static readonly string[] SystemPrefixes = ["%RETRY%", "%DLQ%", "RMQ_SYS_", "rmq_sys_", "SCHEDULE_TOPIC_", "PROTOBRIDGE_"];
    private static readonly string[] SystemNames = ["TBW102", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT", "BenchmarkTest"];

    private readonly Argument<string> _topic = new("TOPIC") { Description = "topic" };
    private readonly Option<bool> _all = new("--all") { Description = "system topics too: retries, dead letters, what the broker keeps for itself" };
    private readonly Option<int> _queues = new("--queues") { Description = "queues on each broker (default 4)", HelpName = "N", DefaultValueFactory = _ => 4 };
    private readonly Option<string> _broker = new("--broker") { Description = "on this broker only", HelpName = "NAME" };
    private readonly Option<string[]> _attributes = new("--attribute") { Description = "an attribute of RocketMQ 5, such as cleanup.policy=COMPACTION; may be repeated", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _yes = new("--yes") { Description = "delete it with its messages" };

    public static Command Describe(CommonOptions common)
    {
        var own = new TopicsCommand();
        var command = new Command("topics", "list, look at, create and delete topics") { own._all };
        common.Act(command, own.ListAsync);
        command.Subcommands.Add(common.Act(new Command("list", "list the topics") { own._all }, own.ListAsync));
        command.Subcommands.Add(common.Act(new Command("show", "the queues of a topic, and its attributes") { own._topic }, own.ShowAsync));
        command.Subcommands.Add(common.Act(new Command("create", "create a topic, or change its number of queues") { own._topic, own._queues, own._broker, own._attributes }, own.CreateAsync));
        command.Subcommands.Add(common.Act(new Command("delete", "delete a topic with its messages") { own._topic, own._yes }, own.DeleteAsync));
        return command;
    }

    private static bool IsSystem(string topic, HashSet<string> brokers)
        => SystemPrefixes.Any(prefix => topic.StartsWith(prefix, StringComparison.Ordinal))
            || topic.EndsWith("_REPLY_TOPIC", StringComparison.Ordinal)
            || SystemNames.Contains(topic)
            || brokers.Contains(topic);

    private async Task<int> ListAsync(Invocation run)
    {
        IReadOnlyList<BrokerRoute> brokers = await run.Admin.ListBrokersAsync(run.Cancelled);
        HashSet<string> ofBrokers = [.. brokers.Select(broker => broker.Name), .. brokers.Select(broker => broker.Cluster)];
        string[] topics = [.. (await run.Admin.ListTopicsAsync(run.Cancelled)).Where(topic => run.Get(_all) || !IsSystem(topic, ofBrokers))];
        IReadOnlyList<TopicLine> lines = await run.ProgressAsync("asking for topics", topics.Length, async report =>
        {
            var found = new List<TopicLine>(topics.Length);
            foreach (string topic in topics)
            {
                found.Add(await LineAsync(run, topic));
                report(found.Count);
            }

            return found;
        });
        await run.AnswerAsync(lines, CliJson.Plain.IReadOnlyListTopicLine, all => Shown.Table(
            ["topic", "#queues", "#messages"], all.Select(line => new string?[] { line.Topic, line.Queues?.ToString(CultureInfo.InvariantCulture), line.Messages is { } count ? Shown.Count(count) : null })));
        return ExitCode.Done;
    }

    /// <summary>A topic that goes away meanwhile, or that its broker does not have, is shown without numbers.</summary>
    private static async Task<TopicLine> LineAsync(Invocation run, string topic)
    {
        try
        {
            IReadOnlyList<QueueEnds> ends = await run.Admin.GetTopicEndsAsync(topic, run.Cancelled);
            return new TopicLine(topic, ends.Count, ends.Sum(queue => queue.End - queue.First));
        }
        catch (Exception failure) when (failure is RequestRefusedException or TopicNotFoundException or InvalidMessageException)
        {
            return new TopicLine(topic, null, null);
        }
    }

    private async Task<int> ShowAsync(Invocation run)
    {
        string topic = run.Get(_topic);
        IReadOnlyList<QueueEnds> ends = await run.Admin.GetTopicEndsAsync(topic, run.Cancelled);
        IReadOnlyDictionary<string, string> attributes = ends.Count == 0
            ? new Dictionary<string, string>()
            : await run.Admin.GetTopicAttributesAsync(topic, ends[0].Queue.BrokerName, run.Cancelled);
        var detail = new TopicDetail(
            topic,
            ends.Sum(queue => queue.End - queue.First),
            attributes,
            [.. ends.Select(queue => new QueuePlace(queue.Queue.BrokerName, queue.Queue.QueueId, queue.First, queue.End, queue.LastStoredAt))]);
        await run.AnswerAsync(detail, CliJson.Plain.TopicDetail, shown => new Rows(
            Shown.Table(
                ["broker", "#queue", "#first", "#end", "#messages", "newest"],
                shown.Queues.Select(queue => new[] { queue.Broker, Shown.Count(queue.Queue), Shown.Count(queue.First), Shown.Count(queue.End), Shown.Count(queue.End - queue.First), Shown.Time(queue.LastStoredAt) })),
            Shown.Words(string.Join('\n', shown.Attributes.Select(attribute => $"{attribute.Key} = {attribute.Value}")))));
        return ExitCode.Done;
    }

    private async Task<int> CreateAsync(Invocation run)
    {
        int queues = run.Get(_queues);
        if (queues is < 1 or > 1024)
        {
            throw CliException.Usage("--queues must be 1 to 1024.");
        }

        string[] attributes = run.Get(_attributes) ?? [];
        if (attributes.FirstOrDefault(attribute => attribute.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
        {
            throw CliException.Usage($"--attribute is '{wrong}', which is not NAME=VALUE.");
        }

        string topic = run.Get(_topic);
        await run.Admin.CreateTopicAsync(
            topic, queues, run.Get(_broker), attributes.Length == 0 ? null : string.Join(',', attributes.Select(attribute => "+" + attribute)), run.Cancelled);
        await run.AnswerAsync(new Done("created", topic), CliJson.Plain.Done, done => Shown.Words($"{done.Name} is created"));
        return ExitCode.Done;
    }

    private async Task<int> DeleteAsync(Invocation run)
    {
        string topic = run.Get(_topic);
        if (!run.Get(_yes))
        {
            throw CliException.Usage($"This deletes {topic} with its messages on all brokers. Say --yes.");
        }

        if (await run.Admin.FindRouteAsync(topic, run.Cancelled) is null)
        {
            throw new CliException(ExitCode.NotFound, $"No name server knows topic {topic}.");
        }

        await run.Admin.DeleteTopicAsync(topic, run.Cancelled);
        await run.AnswerAsync(new Done("deleted", topic), CliJson.Plain.Done, done => Shown.Words($"{done.Name} is deleted"));
        return ExitCode.Done;
    }
}
