using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// <c>GET /v1/topics/{topic}/stream</c>: server-sent events. Every client sees every message from its place on; nothing is settled. The id
/// is the place behind the message in all queues, so that a client that was away goes on where it was.
/// <code>
///  : open
///  id: 0:13,1:7         the place where it begins
///
///  id: 0:14,1:7
///  data: {message}
///
///  : alive              after silence
/// </code>
/// </summary>
internal sealed class EventsHandler(TopicFeeds feeds, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, IHostApplicationLifetime lifetime)
{
    /// <summary>With more queues than that only the last message of a batch has an id: it would be larger than the messages.</summary>
    private const int MaxQueuesOfEachId = 64;

    private readonly HttpOptions _options = options.Value;
    private int _clients;

    public async Task HandleAsync(HttpContext context, string topic, string? filter, string? sql, string? from, string? lastEventId)
    {
        RequestRules.CheckQuery(context.Request, "filter", "sql", "from", "lastEventId");
        TopicNames.ThrowIfInvalid(topic);
        FilterChoice wanted = FilterChoice.Read(filter, sql);
        FeedStart start = FeedStart.Read(from, "Last-Event-ID", context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : lastEventId);
        ClientRights? rights = await access.AuthenticateAsync(context);
        string judged = wanted.Judged.Length == 0 ? "*" : wanted.Judged;
        access.CheckConsume(context, rights, topic, judged);
        metrics.EventClients.Add(1);
        try
        {
            if (Interlocked.Increment(ref _clients) > _options.MaxEventClients)
                throw new BridgeException(BridgeError.Busy, $"This gateway has {_options.MaxEventClients} event streams open, its limit.", retryAfter: TimeSpan.FromSeconds(5));

            using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await using FeedReader reader = await feeds.OpenAsync(topic, start, wanted.Filter, leaves.Token);
            await SendAsync(context, reader, () => access.CheckConsume(context, rights, topic, judged), leaves.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _clients);
            metrics.EventClients.Add(-1);
        }
    }

    private async Task SendAsync(HttpContext context, FeedReader reader, Action check, CancellationToken leaves)
    {
        PipeWriter output = context.Response.BodyWriter;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        output.Write(": open\n\n"u8);
        string told = WriteId(output, reader);
        output.Write("\n"u8);
        await output.FlushAsync(leaves);
        using var batch = new MessageBatch();
        try
        {
            while (!leaves.IsCancellationRequested)
            {
                int count = await reader.ReadAsync(batch, _options.EventBatch, _options.EventKeepAlive, leaves);
                // Rules may have changed, or a token run out: the answer is broken off.
                check();
                if (count > 0)
                    told = Write(output, reader, batch);
                else
                    told = WriteAlive(output, reader, told);

                // A client that does not read is waited for here, with one batch in memory.
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

    private static string Write(PipeWriter output, FeedReader reader, MessageBatch batch)
    {
        bool each = reader.Told.Count <= MaxQueuesOfEachId;
        string told = string.Empty;
        for (int i = 0; i < reader.Items.Count; i++)
        {
            FeedItem item = reader.Items[i];
            BridgeMessage message = batch[item.Index];
            reader.Tell(item, message);
            if (each || i == reader.Items.Count - 1)
                told = WriteId(output, reader);

            output.Write("data: "u8);
            Utf8JsonWriter writer = JsonWriters.Rent(output);
            MessageJson.Write(writer, message, receipt: null, item.Missing);
            writer.Flush();
            JsonWriters.Return(writer);
            output.Write("\n\n"u8);
        }

        return told;
    }

    /// <summary>Messages that the filter left out move the place, too.</summary>
    private static string WriteAlive(PipeWriter output, FeedReader reader, string told)
    {
        output.Write(": alive\n\n"u8);
        string now = reader.Told.ToString();
        if (now == told)
            return told;

        told = WriteId(output, reader);
        output.Write("\n"u8);
        return told;
    }

    private static string WriteId(PipeWriter output, FeedReader reader)
    {
        string place = reader.Told.ToString();
        output.Write("id: "u8);
        Encoding.ASCII.GetBytes(place, output);
        output.Write("\n"u8);
        return place;
    }
}
