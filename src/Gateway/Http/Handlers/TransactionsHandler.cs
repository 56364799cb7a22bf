using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// <c>POST /v1/topics/{topic}/transactions</c> stores a message that nobody sees, <c>POST /v1/transactions/{id}/commit</c> or <c>/rollback</c>
/// ends it, <c>GET /v1/transactions?group=</c> asks what the brokers want to know.
/// </summary>
internal sealed class TransactionsHandler(
    IMessageBridge bridge, TransactionBook book, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan MaxCheckAfter = TimeSpan.FromDays(1);

    private readonly HttpOptions _options = options.Value;
    private readonly int _maxBody = Math.Min(options.Value.MaxBodySize, bridge.Capabilities.MaxBodySize);

    public async Task BeginAsync(HttpContext context, string topic, string? group, string? checkAfter)
    {
        RequestRules.Check(context.Request);
        TopicNames.ThrowIfInvalid(topic);
        ClientRights? rights = await access.AuthenticateAsync(context);
        TopicNames.ThrowIfInvalidGroup(group);
        TimeSpan? after = checkAfter is null ? null : Durations.Read("checkAfter", checkAfter, default, MaxCheckAfter);
        var properties = default(PropertyTextWriter);
        RequestBody body = default;
        BegunTransaction begun;
        try
        {
            RawMessage head = RawMessage.Read(context.Request, clock, ref properties, "group", "checkAfter");
            if (head.Delay > TimeSpan.Zero || head.IdempotencyKey is not null)
                throw RefusalException.Invalid("The message of a transaction has no delay and no idempotency key.");

            body = await RequestBody.ReadAsync(context.Request, _maxBody);
            var message = new PublishMessage(topic, body.Bytes, properties.Written) { OrderingHash = head.OrderingHash, BornHost = PublishHandler.BornHost(context) };
            access.CheckPublish(context, rights, message);
            book.Use(group!);
            begun = await Transactions().BeginAsync(message, group!, after, CancellationToken.None);
        }
        finally
        {
            body.Dispose();
            properties.Dispose();
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = "/v1/transactions/" + begun.Id;
        await JsonAnswer.WriteAsync(context.Response, begun, static (writer, transaction) =>
        {
            writer.WriteStartObject();
            writer.WriteString("transactionId"u8, transaction.Id);
            writer.WriteString("key"u8, transaction.Key);
            writer.WriteEndObject();
        });
    }

    public Task CommitAsync(HttpContext context, string id) => EndAsync(context, id, isCommitted: true);

    public Task RollBackAsync(HttpContext context, string id) => EndAsync(context, id, isCommitted: false);

    public async Task ListAsync(HttpContext context, string? group, string? wait, string? limit)
    {
        RequestRules.CheckQuery(context.Request, "group", "wait", "limit");
        TopicNames.ThrowIfInvalidGroup(group);
        ClientRights? rights = await access.AuthenticateAsync(context);
        int max = Math.Min(50, _options.MaxTransactionChecks);
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out max) || max < 1 || max > _options.MaxTransactionChecks))
            throw RefusalException.Invalid($"limit must be 1 to {_options.MaxTransactionChecks}.");

        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        IReadOnlyList<WaitingCheck> checks = await book.WaitAsync(group!, max, Durations.Read("wait", wait, TimeSpan.Zero, _options.MaxWait), leaves.Token);
        foreach (WaitingCheck waiting in checks)
            access.CheckPublish(context, rights, new PublishMessage(waiting.Check.Message.Topic, default, waiting.Check.Message.Properties));

        await JsonAnswer.WriteAsync(context.Response, checks, static (writer, all) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items"u8);
            foreach (WaitingCheck waiting in all)
                Write(writer, waiting);

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>Writes a question as an object.</summary>
    public static void Write(Utf8JsonWriter writer, WaitingCheck waiting)
    {
        writer.WriteStartObject();
        writer.WriteString("transactionId"u8, waiting.Check.Id);
        writer.WriteString("key"u8, waiting.Check.Key);
        writer.WriteString("askedAt"u8, waiting.AskedAt);
        writer.WritePropertyName("message"u8);
        MessageJson.Write(writer, waiting.Check.Message, receipt: null);
        writer.WriteEndObject();
    }

    private async Task EndAsync(HttpContext context, string id, bool isCommitted)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        await access.AuthenticateAsync(context);
        await Transactions().EndAsync(id, isCommitted, CancellationToken.None);
        book.Ended(id);
        metrics.TransactionsEnded.Add(1, new KeyValuePair<string, object?>("outcome", isCommitted ? "commit" : "rollback"));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private ITransactions Transactions()
        => bridge.Transactions ?? throw new BridgeException(BridgeError.Unsupported, "The brokers behind this gateway take no transactions over HTTP.");
}
