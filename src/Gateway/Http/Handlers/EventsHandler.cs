using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// <c>GET /v1/topics/{topic}/stream</c>: server-sent events from the tail of a topic. Every client sees every message
/// published after its stream opened; nothing is settled.
/// <code>
///  : open               once, when the subscription is in force
///  id: 3:1287           queue and offset
///  data: {message}
///
///  : alive              after silence
/// </code>
/// </summary>
internal sealed class EventsHandler(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, IHostApplicationLifetime lifetime)
{
    private readonly HttpOptions _options = options.Value;
    private int _clients;

    public async Task HandleAsync(HttpContext context, string topic, string? filter)
    {
        RequestRules.CheckQuery(context.Request, "filter");
        TopicNames.ThrowIfInvalid(topic);
        var request = new SubscribeRequest
        {
            Kind = StreamKind.Tail,
            Topics = TopicSelection.Of(topic),
            Filter = TagExpression.Parse(filter ?? "*").Text,
            Subscriber = "http:" + context.Connection.RemoteIpAddress,
        };
        ClientRights? rights = await access.AuthenticateAsync(context);
        access.CheckConsume(context, rights, topic, request.Filter);
        metrics.EventClients.Add(1);
        try
        {
            if (Interlocked.Increment(ref _clients) > _options.MaxEventClients)
                throw new BridgeException(BridgeError.Busy, $"This gateway has {_options.MaxEventClients} event streams open, its limit.", retryAfter: TimeSpan.FromSeconds(5));

            using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await SendAsync(context, request, () => access.CheckConsume(context, rights, topic, request.Filter), leaves.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _clients);
            metrics.EventClients.Add(-1);
        }
    }

    private async Task SendAsync(HttpContext context, SubscribeRequest request, Action check, CancellationToken leaves)
    {
        await using IMessageStream stream = await bridge.SubscribeAsync(request, leaves);
        PipeWriter output = context.Response.BodyWriter;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        output.Write(": open\n\n"u8);
        await output.FlushAsync(leaves);
        using var batch = new MessageBatch();
        try
        {
            while (!leaves.IsCancellationRequested)
            {
                int count = await stream.ReceiveAsync(batch, _options.EventBatch, _options.EventKeepAlive, leaves);
                // Rules may have changed, or a token run out: the answer is broken off.
                check();
                Write(output, batch);
                FlushResult flushed = await output.FlushAsync(leaves);
                metrics.Events.Add(count);
                if (flushed.IsCompleted)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, or the gateway stops: the stream just ends.
        }
    }

    private static void Write(PipeWriter output, MessageBatch batch)
    {
        if (batch.Count == 0)
            output.Write(": alive\n\n"u8);

        for (int i = 0; i < batch.Count; i++)
        {
            BridgeMessage message = batch[i];
            WriteId(output, message);
            output.Write("data: "u8);
            Utf8JsonWriter writer = JsonWriters.Rent(output);
            MessageJson.Write(writer, message, receipt: null);
            writer.Flush();
            JsonWriters.Return(writer);
            output.Write("\n\n"u8);
        }
    }

    private static void WriteId(PipeWriter output, in BridgeMessage message)
    {
        Span<byte> line = stackalloc byte[64];
        "id: "u8.CopyTo(line);
        Utf8Formatter.TryFormat(message.QueueId, line[4..], out int queue);
        int at = 4 + queue;
        line[at++] = (byte)':';
        Utf8Formatter.TryFormat(message.QueueOffset, line[at..], out int offset);
        at += offset;
        line[at++] = (byte)'\n';
        output.Write(line[..at]);
    }
}
