using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Handlers;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>
/// A webhook that answers for the transactions of a producer group: it is sent each question, and says
/// <c>{ "outcome": "commit" | "rollback" | "unknown" }</c>. Without such an answer the broker asks again.
/// </summary>
internal sealed class CheckRunner : IAsyncDisposable
{
    private readonly Webhook _webhook;
    private readonly WebhookCounts _counts;
    private readonly IMessageBridge _bridge;
    private readonly TransactionBook _book;
    private readonly WebhookSender _sender;
    private readonly TimeProvider _clock;
    private readonly Channel<WaitingCheck> _asked;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable _listening;
    private readonly Task _running;

    public CheckRunner(Webhook webhook, WebhookCounts counts, IMessageBridge bridge, TransactionBook book, WebhookSender sender, HttpOptions options, TimeProvider clock)
    {
        _webhook = webhook;
        _counts = counts;
        _bridge = bridge;
        _book = book;
        _sender = sender;
        _clock = clock;
        // What has no room is asked again.
        _asked = Channel.CreateBounded<WaitingCheck>(new BoundedChannelOptions(options.MaxTransactionChecks) { FullMode = BoundedChannelFullMode.DropWrite });
        _listening = book.Listen(webhook.ProducerGroup!, check => _asked.Writer.TryWrite(check));
        _running = Task.WhenAll(Enumerable.Range(0, options.WebhookConcurrency).Select(_ => Task.Run(AnswerAsync)));
    }

    public async ValueTask DisposeAsync()
    {
        _listening.Dispose();
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AnswerAsync()
    {
        await foreach (WaitingCheck check in _asked.Reader.ReadAllAsync(_stop.Token))
        {
            try
            {
                await AnswerAsync(check);
            }
            catch (BridgeException refusal)
            {
                _counts.Troubled(refusal.Message, _clock.GetUtcNow());
            }
        }
    }

    private async Task AnswerAsync(WaitingCheck check)
    {
        WebhookAnswer answer = await _sender.SendAsync(_webhook, check.Check.Key, 1, BodyOf(check), wantsBody: true, _stop.Token);
        _counts.Count(answer, _clock.GetUtcNow());
        if (!answer.IsTaken || OutcomeOf(answer.Body) is not { } isCommitted)
            return;

        await _bridge.Transactions!.EndAsync(check.Check.Id, isCommitted, CancellationToken.None);
        _book.Ended(check.Check.Id);
    }

    private static ReadOnlyMemory<byte> BodyOf(WaitingCheck check)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(body, JsonText.Options))
            TransactionsHandler.Write(writer, check);

        return body.WrittenMemory;
    }

    private static bool? OutcomeOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("outcome", out JsonElement outcome)
                && outcome.ValueKind == JsonValueKind.String
                ? outcome.GetString() switch { "commit" => true, "rollback" => false, _ => null }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
