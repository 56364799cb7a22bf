using System.CommandLine;
using System.Globalization;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;
using Spectre.Console;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>bench</c>: publishes to a topic as fast as it is answered, and reads it again.</summary>
internal sealed class BenchCommand
{
    private const string DefaultTopic = "pbmq-bench";

    private readonly Option<string> _topic = new("--topic") { Description = $"topic (default {DefaultTopic}); what is published stays in it", HelpName = "TOPIC", DefaultValueFactory = _ => DefaultTopic };
    private readonly Option<int> _messages = new("--messages", "-n") { Description = "messages (default 10000)", HelpName = "N", DefaultValueFactory = _ => 10_000 };
    private readonly Option<int> _size = new("--size") { Description = "bytes of a body (default 128)", HelpName = "BYTES", DefaultValueFactory = _ => 128 };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "sends that wait for their answers at once (default 64)", HelpName = "N", DefaultValueFactory = _ => 64 };
    private readonly Option<bool> _read = new("--read") { Description = "read the messages again" };

    public static Command Describe(CommonOptions common)
    {
        var own = new BenchCommand();
        return common.Act(new Command("bench", "publish as fast as the brokers answer, and say how fast that was") { own._topic, own._messages, own._size, own._concurrency, own._read }, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        int count = Within(run, _messages, 1, 100_000_000);
        int size = Within(run, _size, 0, run.ClientOptions.MaxBodySize);
        int concurrency = Within(run, _concurrency, 1, run.ClientOptions.MaxPendingRequests);
        string topic = run.Get(_topic)!;
        await using var producer = new Producer(run.Cluster, new ProducerOptions { Group = "pbmq", CompressOver = int.MaxValue, SendTimeout = TimeSpan.FromSeconds(10) });
        await producer.StartAsync(run.Cancelled);

        // Makes the topic, so that its making is no part of the measure. Its receipt says where reading begins.
        await producer.SendAsync(new Message(topic, new byte[size]), run.Cancelled);
        Dictionary<MessageQueue, long> begins = await BeginsAsync(run, topic);
        var load = new BenchLoad(producer, topic, new byte[size], count);
        TimeSpan took = await run.ProgressAsync("publishing", count, report => load.RunAsync(concurrency, report, run.Cancelled));
        ReadResult? read = run.Get(_read) ? await ReadAsync(run, topic, begins, count - load.Failures) : null;
        var result = new BenchResult(
            topic, count, size, concurrency, load.Failures, Math.Round(took.TotalSeconds, 3), Rate(count - load.Failures, took),
            Math.Round(Rate((count - load.Failures) * (double)size, took) / 1_000_000, 3), load.Latencies.Read(), read);
        await run.AnswerAsync(result, CliJson.Plain.BenchResult, Show);
        return load.Failures == 0 ? ExitCode.Done : throw new CliException(ExitCode.Failed, $"{load.Failures} sends failed, the first one: {load.FirstFailure}");
    }

    private static async Task<Dictionary<MessageQueue, long>> BeginsAsync(Invocation run, string topic)
        => (await run.Admin.GetTopicEndsAsync(topic, run.Cancelled)).ToDictionary(queue => queue.Queue, queue => queue.End);

    private static async Task<ReadResult> ReadAsync(Invocation run, string topic, Dictionary<MessageQueue, long> begins, long count)
    {
        await using var reader = new Reader(run.Cluster, new ReaderOptions());
        long began = TimeProvider.System.GetTimestamp();
        long read = await run.ProgressAsync("reading", count, async report =>
        {
            long seen = 0;
            await foreach (ReceivedMessage _ in reader.ReadToEndAsync(topic, ReadFrom.Offsets(begins), run.Cancelled))
            {
                report(++seen);
            }

            return seen;
        });
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        return new ReadResult(read, Math.Round(took.TotalSeconds, 3), Rate(read, took));
    }

    private static double Rate(double count, TimeSpan time) => Math.Round(count / Math.Max(time.TotalSeconds, 1e-6), 1);

    private static int Within(Invocation run, Option<int> option, int least, int most)
        => run.Get(option) is int value && value >= least && value <= most ? value : throw CliException.Usage($"{option.Name} must be {least} to {most}.");

    private static Table Show(BenchResult result)
    {
        var rows = new List<string?[]>
        {
            new[] { "published", $"{Shown.Count(result.Messages - result.Failures)} messages of {Shown.Count(result.Size)} bytes, {result.Concurrency} at once" },
            new[] { "rate", string.Create(CultureInfo.InvariantCulture, $"{result.PerSecond:N0} messages/s, {result.MegabytesPerSecond:N1} MB/s, {result.Seconds:N2} s") },
            new[] { "latency", string.Create(CultureInfo.InvariantCulture, $"p50 {result.LatencyMilliseconds.P50} ms, p99 {result.LatencyMilliseconds.P99} ms, max {result.LatencyMilliseconds.Max} ms") },
        };
        if (result.Read is { } read)
        {
            rows.Add(["read", string.Create(CultureInfo.InvariantCulture, $"{read.Messages:N0} messages, {read.PerSecond:N0} messages/s, {read.Seconds:N2} s")]);
        }

        return Shown.Table([$"bench of {result.Topic}", string.Empty], rows);
    }
}
