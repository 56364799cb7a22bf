using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// <c>GET /v1/topics/{topic}/messages</c>: looks at messages without consuming them, from any offset or time, or by key. The pages of all
/// queues together are in the order in which the messages were stored.
/// </summary>
internal sealed class BrowseHandler(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access)
{
    private const int MaxKey = 1024;

    private static readonly string[] Parameters = ["queue", "offset", "from", "to", "key", "filter", "sql", "limit", "cursor"];

    private readonly HttpOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context, string topic)
    {
        RequestRules.CheckQuery(context.Request, Parameters);
        TopicNames.ThrowIfInvalid(topic);
        IQueryCollection query = context.Request.Query;
        FilterChoice wanted = FilterChoice.Read(Text(query, "filter"), Text(query, "sql"));
        access.CheckConsume(context, await access.AuthenticateAsync(context), topic, wanted.Judged.Length == 0 ? "*" : wanted.Judged);
        int limit = Limit(Text(query, "limit"));
        DateTimeOffset? from = Times.ReadOptional("from", Text(query, "from"));
        DateTimeOffset? to = Times.ReadOptional("to", Text(query, "to"));
        using var batch = new MessageBatch();
        if (Text(query, "key") is { } key)
        {
            ThrowIfNot(key.Length is > 0 and <= MaxKey, $"key has 1 to {MaxKey} characters.");
            ThrowIfNot(!query.ContainsKey("queue") && !query.ContainsKey("offset") && !query.ContainsKey("cursor") && wanted == default, "With key there are only from, to and limit beside it.");
            await bridge.Reader.FindByKeyAsync(new KeyQuery(topic, key, limit, from, to), batch, context.RequestAborted);
            await AnswerAsync(context, batch, Enumerable.Range(0, batch.Count), null);
            return;
        }

        QueuePositions positions = await StartAsync(context, topic, from, query);
        var page = new BrowsePage(bridge.Reader, topic, wanted.Filter, to, limit, _options.BrowseBytes);
        await page.ReadAsync(positions, batch, context.RequestAborted);
        await AnswerAsync(context, batch, page.Taken, positions.Count > 0 ? positions.ToString() : null);
    }

    private static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    private int Limit(string? text)
    {
        int limit = Math.Min(50, _options.MaxBrowse);
        ThrowIfNot(
            text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit >= 1 && limit <= _options.MaxBrowse),
            $"limit must be 1 to {_options.MaxBrowse}.");
        return limit;
    }

    private static void ThrowIfNot(bool isRight, string rule)
    {
        if (!isRight)
            throw RefusalException.Invalid(rule);
    }

    private async Task<QueuePositions> StartAsync(HttpContext context, string topic, DateTimeOffset? from, IQueryCollection query)
    {
        string? queue = Text(query, "queue");
        long offset = 0;
        ThrowIfNot(
            Text(query, "offset") is not { } text || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset),
            "offset is a number from 0.");
        ThrowIfNot(!query.ContainsKey("offset") || (queue is not null && from is null), "offset needs queue, and has no from beside it.");
        IReadOnlyList<QueueRange> queues = await bridge.Reader.ListQueuesAsync(topic, context.RequestAborted);
        if (queues.Count == 0)
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");

        if (Text(query, "cursor") is { Length: > 0 } cursor)
            return QueuePositions.Parse("cursor", cursor);

        ThrowIfNot(queue is null || queues.Any(one => one.Name == queue), $"Topic {topic} has no queue {queue}: the first is {queues[0].Name}, the last {queues[^1].Name}.");
        var positions = new QueuePositions();
        foreach (QueueRange range in queues.Where(range => queue is null || range.Name == queue))
        {
            positions[range.Name] = from is { } time ? await bridge.Reader.SearchAsync(topic, range.Name, time, context.RequestAborted)
                : query.ContainsKey("offset") ? Math.Min(offset, range.End)
                : range.First;
        }

        return positions;
    }

    private async Task AnswerAsync(HttpContext context, MessageBatch batch, IEnumerable<int> taken, string? next)
    {
        context.Response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("items"u8);
        int count = 0;
        foreach (int index in taken)
        {
            MessageJson.Write(writer, batch[index], receipt: null);
            count++;
        }

        writer.WriteEndArray();
        if (next is not null)
            writer.WriteString("next"u8, next);

        writer.WriteEndObject();
        await writer.FlushAsync();
        JsonWriters.Return(writer);
        metrics.Browsed.Add(count);
    }
}
