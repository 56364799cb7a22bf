using System.CommandLine;
using System.Text;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>publish TOPIC [BODY]</c>: one message, or each line of a file as one.</summary>
internal sealed class PublishCommand
{
    private const int LinesOfBatch = 100;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    private readonly Argument<string> _topic = new("TOPIC") { Description = "topic; it is created when brokers create topics by sending" };
    private readonly Argument<string?> _body = new("BODY") { Description = "the message; without it and --file, the standard input", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> _tag = new("--tag") { Description = "tag", HelpName = "TAG" };
    private readonly Option<string[]> _keys = new("--key") { Description = "a key; may be repeated", HelpName = "KEY" };
    private readonly Option<string[]> _properties = new("--property", "-p") { Description = "a user property; may be repeated", HelpName = "NAME=VALUE" };
    private readonly Option<string> _orderingKey = new("--ordering-key") { Description = "messages of one ordering key go to one queue", HelpName = "KEY" };
    private readonly Option<string> _delay = new("--delay") { Description = "deliver it after this time", HelpName = "TIME" };
    private readonly Option<string> _at = new("--at") { Description = "deliver it at this time (ISO)", HelpName = "TIME" };
    private readonly Option<string> _file = new("--file") { Description = "read the message from a file; - is the standard input", HelpName = "FILE" };
    private readonly Option<bool> _lines = new("--lines") { Description = "each line is a message" };

    public static Command Describe(CommonOptions common)
    {
        var own = new PublishCommand();
        var command = new Command("publish", "publish a message, or each line of a file as one") { own._topic, own._body, own._tag, own._keys, own._properties, own._orderingKey, own._delay, own._at, own._file, own._lines };
        return common.Act(command, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        if (run.Get(_body) is not null && run.Get(_file) is not null)
        {
            throw CliException.Usage("A body and --file are two messages: give one of them.");
        }

        await using var producer = new Producer(run.Cluster, new ProducerOptions { SendTimeout = SendTimeout, Group = "pbmq" });
        await producer.StartAsync(run.Cancelled);
        return run.Get(_lines) ? await SendLinesAsync(run, producer) : await SendOneAsync(run, producer);
    }

    private async Task<int> SendOneAsync(Invocation run, Producer producer)
    {
        Message message = Make(run, await BodyAsync(run));
        SendReceipt receipt = run.Get(_orderingKey) is { } orderingKey
            ? await producer.SendAsync(message, orderingKey, run.Cancelled)
            : await producer.SendAsync(message, run.Cancelled);
        var sent = new Sent(
            receipt.MessageId, receipt.OffsetMessageId, receipt.Queue.Topic, receipt.Queue.BrokerName, receipt.Queue.QueueId, receipt.QueueOffset, receipt.Status.ToString(), receipt.RecallHandle);
        await run.AnswerAsync(sent, CliJson.Plain.Sent, one => Shown.Table(
            ["message id", "queue", "#offset", "status"], [[one.MessageId, $"{one.Topic}@{one.Broker}/{one.Queue}", one.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture), one.Status]]));
        return ExitCode.Done;
    }

    private async Task<int> SendLinesAsync(Invocation run, Producer producer)
    {
        if (run.IsGiven(_orderingKey) || run.IsGiven(_delay) || run.IsGiven(_at) || run.Get(_body) is not null)
        {
            throw CliException.Usage("--lines sends batches, which have no --ordering-key, --delay or --at, from --file or the standard input.");
        }

        await using Stream input = Open(run);
        long length = input.CanSeek ? input.Length : 0;
        long began = TimeProvider.System.GetTimestamp();
        long sent = await run.ProgressAsync("publishing", length, async report =>
        {
            using var reader = new StreamReader(input, Encoding.UTF8);
            var batch = new List<Message>(LinesOfBatch);
            long count = 0;
            while (await reader.ReadLineAsync(run.Cancelled) is { } line)
            {
                batch.Add(Make(run, Encoding.UTF8.GetBytes(line)));
                if (batch.Count == LinesOfBatch)
                {
                    count += await SendBatchAsync(run, producer, batch, count);
                    report(input.CanSeek ? input.Position : 0);
                }
            }

            return count + await SendBatchAsync(run, producer, batch, count);
        });
        var answer = new SentMany(run.Get(_topic), sent, Math.Round(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 3));
        await run.AnswerAsync(answer, CliJson.Plain.SentMany, many => Shown.Words($"{Shown.Count(many.Sent)} messages sent to {many.Topic} in {many.Seconds} s"));
        return ExitCode.Done;
    }

    private static async Task<int> SendBatchAsync(Invocation run, Producer producer, List<Message> batch, long before)
    {
        if (batch.Count == 0)
        {
            return 0;
        }

        try
        {
            int sent = (await producer.SendBatchAsync(batch, run.Cancelled)).Count;
            batch.Clear();
            return sent;
        }
        catch (ProtoBridgeMqException)
        {
            await run.NoteAsync($"The lines before line {before + 1} are sent; of the {batch.Count} from there on some may be.");
            throw;
        }
    }

    private Message Make(Invocation run, ReadOnlyMemory<byte> body)
    {
        var message = new Message(run.Get(_topic), body, run.Get(_tag), run.Get(_keys) is { Length: > 0 } keys ? string.Join(' ', keys) : null);
        foreach (string property in run.Get(_properties) ?? [])
        {
            int equals = property.IndexOf('=', StringComparison.Ordinal);
            message.Properties[equals > 0 ? property[..equals] : throw CliException.Usage($"--property is '{property}', which is not NAME=VALUE.")] = property[(equals + 1)..];
        }

        if (run.Get(_delay) is { } delay)
        {
            message.DeliverAfter = Times.Duration("--delay", delay);
        }

        if (run.Get(_at) is { } at)
        {
            message.DeliverAt = Times.Point("--at", at, Invocation.Now);
        }

        return message;
    }

    private async Task<ReadOnlyMemory<byte>> BodyAsync(Invocation run)
    {
        if (run.Get(_body) is { } text)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        await using Stream input = Open(run);
        using var body = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await input.ReadAsync(buffer, run.Cancelled)) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), run.Cancelled);
            if (body.Length > run.ClientOptions.MaxBodySize)
            {
                throw CliException.Usage($"The message is larger than {run.ClientOptions.MaxBodySize} bytes.");
            }
        }

        return body.ToArray();
    }

    private Stream Open(Invocation run) => run.Get(_file) is { } file and not "-" ? File.OpenRead(file) : Console.OpenStandardInput();
}
