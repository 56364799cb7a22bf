using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// <c>POST /v1/topics/{topic}/request</c>: publishes a message and waits for its reply. <c>POST /v1/replies/{replyTo}</c>: replies to one
/// that was received.
/// </summary>
internal sealed class RequestHandler(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private readonly HttpOptions _options = options.Value;
    private readonly int _maxBody = Math.Min(options.Value.MaxBodySize, bridge.Capabilities.MaxBodySize);
    private int _waiting;

    public async Task RequestAsync(HttpContext context, string topic, string? timeout)
    {
        RequestRules.Check(context.Request);
        TopicNames.ThrowIfInvalid(topic);
        ClientRights? rights = await access.AuthenticateAsync(context);
        IRequests requests = Requests();
        TimeSpan wait = Durations.Read("timeout", timeout, _options.DefaultReplyWait, _options.MaxWait);
        if (wait <= TimeSpan.Zero)
            throw RefusalException.Invalid("timeout must be longer than zero.");

        metrics.RequestsWaiting.Add(1);
        try
        {
            if (Interlocked.Increment(ref _waiting) > _options.MaxRequestsWaiting)
                throw new BridgeException(BridgeError.Busy, $"{_options.MaxRequestsWaiting} requests wait for their replies, the limit.", retryAfter: TimeSpan.FromSeconds(1));

            await AskAsync(context, topic, rights, requests, wait);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            metrics.RequestsWaiting.Add(-1);
        }
    }

    public async Task ReplyAsync(HttpContext context, string replyTo)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        await access.AuthenticateAsync(context);
        ReplyAddress address = ReplyToken.Read(replyTo);
        using RequestBody body = await RequestBody.ReadAsync(context.Request, _maxBody);
        await Requests().ReplyAsync(address, body.Bytes, context.RequestAborted);
        metrics.Replies.Add(1);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task AskAsync(HttpContext context, string topic, ClientRights? rights, IRequests requests, TimeSpan wait)
    {
        var properties = default(PropertyTextWriter);
        RequestBody body = default;
        Reply reply;
        try
        {
            RawMessage head = RawMessage.Read(context.Request, clock, ref properties, "timeout");
            if (head.Delay > TimeSpan.Zero || head.IdempotencyKey is not null)
                throw RefusalException.Invalid("A request has no delay and no idempotency key.");

            body = await RequestBody.ReadAsync(context.Request, _maxBody);
            var message = new PublishMessage(topic, body.Bytes, properties.Written) { OrderingHash = head.OrderingHash, BornHost = PublishHandler.BornHost(context) };
            access.CheckPublish(context, rights, message);
            using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            reply = await requests.RequestAsync(message, wait, leaves.Token);
        }
        finally
        {
            body.Dispose();
            properties.Dispose();
        }

        metrics.Published.Add(1);
        await JsonAnswer.WriteAsync(context.Response, reply, static (writer, answer) =>
        {
            writer.WriteStartObject();
            MessageJson.WriteContent(writer, answer.Properties, answer.Body.Span);
            writer.WriteEndObject();
        });
    }

    private IRequests Requests()
        => bridge.Requests ?? throw new BridgeException(BridgeError.Unsupported, "These brokers hand no replies on.");
}
