using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>
/// One webhook at work: a member of its group that pushes what it receives. What is taken (2xx) is acknowledged; what is not comes again
/// after a pause that doubles with the tries, and is a dead letter of the group after the last.
/// </summary>
internal sealed class WebhookRunner : IAsyncDisposable
{
    private readonly IMessageBridge _bridge;
    private readonly WebhookSender _sender;
    private readonly HttpOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public WebhookRunner(Webhook webhook, WebhookCounts counts, IMessageBridge bridge, WebhookSender sender, HttpOptions options, HttpMetrics metrics, TimeProvider clock, ILogger log)
    {
        Webhook = webhook;
        Counts = counts;
        _bridge = bridge;
        _sender = sender;
        _options = options;
        _metrics = metrics;
        _clock = clock;
        _log = log;
        _running = Task.Run(RunAsync);
    }

    public Webhook Webhook { get; }

    public WebhookCounts Counts { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                HttpLog.WebhookInterrupted(_log, Webhook.Id, failure.Message);
                Counts.Troubled(failure.Message, _clock.GetUtcNow());
                await Task.Delay(_options.WebhookRefresh, _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ConsumeAsync(CancellationToken cancellationToken)
    {
        await using IMessageStream stream = await _bridge.SubscribeAsync(
            new SubscribeRequest
            {
                Kind = StreamKind.Group,
                Topics = TopicSelection.Of(Webhook.Topic!),
                Group = Webhook.Group,
                Filter = Webhook.Filter ?? "*",
                Sql = Webhook.Sql,
                Lease = Webhook.Timeout + _options.DefaultLease,
                Subscriber = "webhook:" + Webhook.Id,
            },
            cancellationToken);
        using var batch = new MessageBatch();
        var under = new HashSet<Task>();
        try
        {
            while (true)
            {
                under.RemoveWhere(task => task.IsCompleted);
                if (under.Count >= _options.WebhookConcurrency)
                {
                    await Task.WhenAny(under);
                    continue;
                }

                int count = await stream.ReceiveAsync(batch, _options.WebhookConcurrency - under.Count, Timeout.InfiniteTimeSpan, cancellationToken);
                for (int i = 0; i < count; i++)
                    under.Add(PushAsync(stream, batch[i], cancellationToken));
            }
        }
        finally
        {
            // What is on its way holds its delivery.
            await Task.WhenAll(under).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The message is written before the first await: its memory is the batch's.</summary>
    private Task PushAsync(IMessageStream stream, in BridgeMessage message, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(body, JsonText.Options))
            MessageJson.Write(writer, message, receipt: null);

        string id = message.Properties.GetString(PropertyNames.OriginMessageId) ?? message.MessageId.ToString();
        return PushAsync(stream, id, message.Attempt, message.Delivery, body.WrittenMemory, cancellationToken);
    }

    private async Task PushAsync(IMessageStream stream, string id, int attempt, DeliveryId delivery, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        bool isTooLarge = body.Length > _options.WebhookMaxBody;
        WebhookAnswer answer = isTooLarge
            ? new WebhookAnswer(0, $"the message has {body.Length} bytes as JSON; {_options.WebhookMaxBody} are pushed (http.webhookMaxBody)", null, [])
            : await _sender.SendAsync(Webhook, id, attempt, body, wantsBody: false, cancellationToken);
        Counts.Count(answer, _clock.GetUtcNow());
        bool isDead = !answer.IsTaken && (isTooLarge || attempt >= Webhook.MaxAttempts);
        _metrics.WebhookRequests.Add(1, new KeyValuePair<string, object?>("outcome", answer.IsTaken ? "taken" : isDead ? "dead-letter" : "failed"));
        if (isDead)
        {
            Counts.Died();
            HttpLog.WebhookDeadLetter(_log, Webhook.Id, id, attempt, answer.Text);
        }

        Settlement settlement = answer.IsTaken ? Settlement.Accept : isDead ? Settlement.DeadLetter : Settlement.Release(PauseOf(attempt, answer.RetryAfter));
        try
        {
            await stream.SettleAsync(delivery, settlement, CancellationToken.None);
        }
        catch (Exception late) when (late is BridgeException or ObjectDisposedException)
        {
            // It comes again by itself.
            HttpLog.WebhookNotSettled(_log, Webhook.Id, id, late.Message);
        }
    }

    /// <summary>1 s, 2 s, 4 s and so on, at most as long as the limit; what the receiver asks for within it.</summary>
    private TimeSpan PauseOf(int attempt, TimeSpan? asked)
    {
        TimeSpan doubled = _options.WebhookBackOff * Math.Pow(2, Math.Min(attempt - 1, 20));
        TimeSpan pause = asked > doubled ? asked.Value : doubled;
        return pause < _options.WebhookMaxBackOff ? pause : _options.WebhookMaxBackOff;
    }
}
