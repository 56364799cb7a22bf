using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>GET /v1/topics</c>, <c>GET</c> and <c>PUT /v1/topics/{topic}</c>.</summary>
internal sealed class TopicsHandler(IMessageBridge bridge, IOptions<HttpOptions> options, HttpAccess access)
{
    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context)
    {
        RequestRules.CheckQuery(context.Request);
        await access.CheckManageAsync(context, null);
        IReadOnlyList<TopicInfo> topics = await bridge.Topics.ListAsync(context.RequestAborted);
        await JsonAnswer.WriteAsync(context.Response, topics, static (writer, all) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("topics"u8);
            foreach (TopicInfo topic in all)
                Write(writer, topic);

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    public async Task FindAsync(HttpContext context, string topic)
    {
        RequestRules.CheckQuery(context.Request);
        TopicNames.ThrowIfInvalid(topic);
        await access.CheckManageAsync(context, topic);
        TopicInfo found = await bridge.Topics.FindAsync(topic, context.RequestAborted)
            ?? throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        await JsonAnswer.WriteAsync(context.Response, found, Write);
    }

    public async Task CreateAsync(HttpContext context, string topic)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        TopicNames.ThrowIfInvalid(topic);
        await access.CheckManageAsync(context, topic);
        TopicRequest wanted;
        using (RequestBody body = await RequestBody.ReadAsync(context.Request, _options.MaxJsonSize))
        {
            if (!body.Bytes.IsEmpty)
                JsonRequests.RequireJson(context.Request);

            wanted = TopicRequest.Parse(body.Bytes.Span, _options.MaxQueues);
        }

        bool isNew = await bridge.Topics.FindAsync(topic, context.RequestAborted) is null;
        TopicInfo created = await bridge.Topics.CreateAsync(topic, wanted.Queues, context.RequestAborted);
        context.Response.StatusCode = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await JsonAnswer.WriteAsync(context.Response, created, Write);
    }

    private static void Write(Utf8JsonWriter writer, TopicInfo topic)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, topic.Name);
        writer.WriteNumber("queues"u8, topic.Queues);
        writer.WriteEndObject();
    }
}
