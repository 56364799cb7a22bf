using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>POST /v1/topics/{topic}/messages</c>: one raw message, one as JSON, or a batch as a JSON array.</summary>
internal sealed class PublishHandler(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, TimeProvider clock)
{
    private readonly HttpOptions _options = options.Value;
    private readonly int _maxBody = Math.Min(options.Value.MaxBodySize, bridge.Capabilities.MaxBodySize);

    /// <summary>Answers once the message is durable.</summary>
    public Task HandleAsync(HttpContext context, string topic)
        => access.IsOpen ? HandleAsync(context, topic, rights: null) : AuthenticatedAsync(context, topic);

    /// <summary>Before the body: strangers are not to fill memory.</summary>
    private async Task AuthenticatedAsync(HttpContext context, string topic) => await HandleAsync(context, topic, await access.AuthenticateAsync(context));

    private Task HandleAsync(HttpContext context, string topic, ClientRights? rights)
    {
        RequestRules.Check(context.Request);
        string? type = context.Request.ContentType;
        if (JsonText.IsMediaType(type, JsonText.MessagesType))
            return PublishJsonAsync(context, topic, rights);

        if (JsonText.IsMediaType(type, "multipart/form-data"))
            throw new RefusalException(Problem.UnsupportedMediaType, "Multipart bodies are not taken: send the body itself, or " + JsonText.MessagesType + ".");

        return PublishRawAsync(context, topic, rights);
    }

    private async Task PublishRawAsync(HttpContext context, string topic, ClientRights? rights)
    {
        long began = clock.GetTimestamp();
        var properties = default(PropertyTextWriter);
        RequestBody body = default;
        PublishReceipt receipt;
        try
        {
            RawMessage head = RawMessage.Read(context.Request, ref properties);
            CheckDelay(head.Delay);
            body = await RequestBody.ReadAsync(context.Request, _maxBody);
            var message = new PublishMessage(topic, body.Bytes, properties.Written)
            {
                Delay = head.Delay,
                OrderingHash = head.OrderingHash,
                BornHost = BornHost(context),
                Retain = MessageFields.TryReadRetain(properties.Written, out bool retain) && retain,
            };
            access.CheckPublish(context, rights, message);
            // Not cancelled by a client that leaves: the body is borrowed until the publish completes.
            receipt = await bridge.PublishAsync(message, CancellationToken.None);
        }
        finally
        {
            body.Dispose();
            properties.Dispose();
        }

        metrics.Published.Add(1);
        metrics.PublishDuration.Record(clock.GetElapsedTime(began).TotalSeconds);
        await AnswerAsync(context.Response, receipt);
    }

    private static async Task AnswerAsync(HttpResponse response, PublishReceipt receipt)
    {
        response.ContentType = "application/json";
        if (PublishAnswer.IsPlain(receipt))
        {
            WritePlain(response, receipt);
            return;
        }

        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        PublishAnswer.Write(receipt, writer);
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }

    /// <summary>Leaves with the end of the request, in one write.</summary>
    private static void WritePlain(HttpResponse response, in PublishReceipt receipt)
    {
        Span<byte> text = stackalloc byte[PublishAnswer.MaxLength];
        int length = PublishAnswer.Write(receipt, text);
        response.ContentLength = length;
        text[..length].CopyTo(response.BodyWriter.GetSpan(length));
        response.BodyWriter.Advance(length);
    }

    private async Task PublishJsonAsync(HttpContext context, string topic, ClientRights? rights)
    {
        if (context.Request.QueryString.HasValue)
            throw RefusalException.Invalid("With a JSON body, tag, key, delay and orderingKey are members of the message, not query parameters.");

        long began = clock.GetTimestamp();
        using RequestBody body = await RequestBody.ReadAsync(context.Request, _options.MaxJsonSize);
        using JsonMessages messages = JsonMessages.Parse(body.Bytes.Span, _options.MaxBatch);
        for (int i = 0; i < messages.Count; i++)
        {
            PublishMessage message = messages.Get(i, topic, null);
            CheckDelay(message.Delay);
            access.CheckPublish(context, rights, message);
        }

        IPEndPoint? bornHost = BornHost(context);
        if (!messages.IsBatch)
        {
            PublishReceipt receipt = await bridge.PublishAsync(messages.Get(0, topic, bornHost), CancellationToken.None);
            metrics.Published.Add(1);
            metrics.PublishDuration.Record(clock.GetElapsedTime(began).TotalSeconds);
            await AnswerAsync(context.Response, receipt);
            return;
        }

        await PublishBatchAsync(context.Response, topic, messages, bornHost);
        metrics.PublishDuration.Record(clock.GetElapsedTime(began).TotalSeconds);
    }

    private async Task PublishBatchAsync(HttpResponse response, string topic, JsonMessages messages, IPEndPoint? bornHost)
    {
        // All are started before the first is awaited: they share one group commit and keep their order.
        var publishes = new Task<PublishReceipt>[messages.Count];
        for (int i = 0; i < publishes.Length; i++)
            publishes[i] = StartAsync(messages.Get(i, topic, bornHost));

        // Nothing may leave before the last one is done with its borrowed body.
        await ((Task)Task.WhenAll(publishes)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int stored = publishes.Count(publish => publish.IsCompletedSuccessfully);
        metrics.Published.Add(stored);
        response.StatusCode = stored == publishes.Length ? StatusCodes.Status200OK : StatusCodes.Status207MultiStatus;
        response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        writer.WriteStartArray();
        foreach (Task<PublishReceipt> publish in publishes)
            await WriteResultAsync(writer, publish);

        writer.WriteEndArray();
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }

    private async Task<PublishReceipt> StartAsync(PublishMessage message) => await bridge.PublishAsync(message, CancellationToken.None);

    private static async ValueTask WriteResultAsync(Utf8JsonWriter writer, Task<PublishReceipt> publish)
    {
        try
        {
            PublishAnswer.Write(await publish, writer);
        }
        catch (BridgeException refusal)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error"u8);
            ProblemDetail.Of(refusal)!.Value.WriteMembers(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }

    private void CheckDelay(TimeSpan delay)
    {
        if (bridge.Capabilities.Takes(delay))
            return;

        if (bridge.Capabilities.MaxDelay > TimeSpan.Zero)
            throw RefusalException.Invalid($"A delay is at most {bridge.Capabilities.MaxDelay.TotalSeconds}s.");

        string levels = string.Join(", ", bridge.Capabilities.DelayLevels.Select(level => $"{level.TotalSeconds}s"));
        throw RefusalException.Invalid($"A delay must be one of the broker's delay levels: {levels}.");
    }

    private static IPEndPoint? BornHost(HttpContext context)
        => context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint as IPEndPoint;
}
