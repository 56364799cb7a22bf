using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>POST /v1/topics/{topic}/messages</c>: one raw message, one as JSON, or a batch as a JSON array or a multipart form.</summary>
internal sealed class PublishHandler(
    IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, IdempotentPublishes once, TimeProvider clock)
{
    private readonly HttpOptions _options = options.Value;
    private readonly int _maxBody = Math.Min(options.Value.MaxBodySize, bridge.Capabilities.MaxBodySize);

    /// <summary>Answers once the message is durable.</summary>
    public ValueTask HandleAsync(HttpContext context, string topic)
        => access.IsOpen ? HandleAsync(context, topic, rights: null) : AuthenticatedAsync(context, topic);

    /// <summary>Refuses a delay that the brokers cannot give.</summary>
    public void CheckDelay(TimeSpan delay)
    {
        if (bridge.Capabilities.Takes(delay))
            return;

        if (bridge.Capabilities.MaxDelay > TimeSpan.Zero)
            throw RefusalException.Invalid($"A delay is at most {bridge.Capabilities.MaxDelay.TotalSeconds}s.");

        string levels = string.Join(", ", bridge.Capabilities.DelayLevels.Select(level => $"{level.TotalSeconds}s"));
        throw RefusalException.Invalid($"A delay must be one of the broker's delay levels: {levels}.");
    }

    /// <summary>Where a request came from.</summary>
    public static IPEndPoint? BornHost(HttpContext context)
        => context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint as IPEndPoint;

    /// <summary>Before the body: strangers are not to fill memory.</summary>
    private async ValueTask AuthenticatedAsync(HttpContext context, string topic) => await HandleAsync(context, topic, await access.AuthenticateAsync(context));

    private ValueTask HandleAsync(HttpContext context, string topic, ClientRights? rights)
    {
        RequestRules.Check(context.Request);
        string? type = context.Request.ContentType;
        return JsonText.IsMediaType(type, JsonText.MessagesType) || JsonText.IsMediaType(type, "multipart/form-data")
            ? PublishSeveralAsync(context, topic, rights)
            : PublishRawAsync(context, topic, rights);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask PublishRawAsync(HttpContext context, string topic, ClientRights? rights)
    {
        long began = clock.GetTimestamp();
        var properties = default(PropertyTextWriter);
        RequestBody body = default;
        OncePublished stored;
        try
        {
            RawMessage head = RawMessage.Read(context.Request, clock, ref properties);
            CheckDelay(head.Delay);
            body = await RequestBody.ReadAsync(context.Request, _maxBody);
            var message = new PublishMessage(topic, body.Bytes, properties.Written)
            {
                Delay = head.Delay,
                IsRecallable = head.Delay > TimeSpan.Zero,
                OrderingHash = head.OrderingHash,
                BornHost = BornHost(context),
                Retain = MessageFields.TryReadRetain(properties.Written, out bool retain) && retain,
            };
            access.CheckPublish(context, rights, message);
            // Not cancelled by a client that leaves: the body is borrowed until the publish completes.
            stored = head.IdempotencyKey is { } key
                ? await once.PublishAsync(UserOf(rights), key, 0, message)
                : new OncePublished(await bridge.PublishAsync(message, CancellationToken.None), false);
        }
        finally
        {
            body.Dispose();
            properties.Dispose();
        }

        Count(stored, began);
        await PublishAnswer.AnswerAsync(context.Response, stored);
    }

    private async ValueTask PublishSeveralAsync(HttpContext context, string topic, ClientRights? rights)
    {
        if (context.Request.QueryString.HasValue)
            throw RefusalException.Invalid("With a JSON or multipart body, what is said of a message is said in it, not in query parameters.");

        long began = clock.GetTimestamp();
        string? key = context.Request.Headers.TryGetValue(Idempotency.Header, out var header) ? Idempotency.Read(header) : null;
        using RequestBody body = await RequestBody.ReadAsync(context.Request, _options.MaxJsonSize);
        using IMessagesToPublish messages = await ReadAsync(context, body.Bytes);
        for (int i = 0; i < messages.Count; i++)
        {
            PublishMessage message = messages.Get(i, topic, null);
            CheckDelay(message.Delay);
            access.CheckPublish(context, rights, message);
        }

        IPEndPoint? bornHost = BornHost(context);
        if (!messages.IsBatch)
        {
            OncePublished one = await PublishAsync(messages.Get(0, topic, bornHost), UserOf(rights), key, 0);
            Count(one, began);
            await PublishAnswer.AnswerAsync(context.Response, one);
            return;
        }

        // All are started before the first is awaited: they share one group commit and keep their order.
        var publishes = new Task<OncePublished>[messages.Count];
        BatchOrder? order = key is null ? null : new BatchOrder();
        for (int i = 0; i < publishes.Length; i++)
            publishes[i] = PublishAsync(messages.Get(i, topic, bornHost), UserOf(rights), key, i, order?.Next());

        // Nothing may leave before the last one is done with its borrowed body.
        await ((Task)Task.WhenAll(publishes)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int stored = 0;
        foreach (Task<OncePublished> publish in publishes)
            stored += publish.IsCompletedSuccessfully && !(await publish).IsReplayed ? 1 : 0;

        metrics.Published.Add(stored);
        metrics.PublishDuration.Record(clock.GetElapsedTime(began).TotalSeconds);
        await PublishAnswer.AnswerAsync(context.Response, publishes);
    }

    private async ValueTask<IMessagesToPublish> ReadAsync(HttpContext context, ReadOnlyMemory<byte> body)
        => JsonText.IsMediaType(context.Request.ContentType, JsonText.MessagesType)
            ? JsonMessages.Parse(body.Span, _options.MaxBatch, clock)
            : await MultipartMessages.ReadAsync(context.Request.ContentType, body, _options, clock, context.RequestAborted);

    private async Task<OncePublished> PublishAsync(PublishMessage message, string user, string? key, int index, BatchOrder.Turn? turn = null)
        => key is null
            ? new OncePublished(await bridge.PublishAsync(message, CancellationToken.None), false)
            : await once.PublishAsync(user, key, index, message, turn);

    private void Count(OncePublished stored, long began)
    {
        if (!stored.IsReplayed)
            metrics.Published.Add(1);

        metrics.PublishDuration.Record(clock.GetElapsedTime(began).TotalSeconds);
    }

    private static string UserOf(ClientRights? rights) => rights?.Identity.Name ?? string.Empty;
}
