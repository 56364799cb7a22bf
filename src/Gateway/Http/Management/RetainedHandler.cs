using System.Text;
using System.Text.Unicode;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Retained messages: <c>GET</c> and <c>DELETE /v1/retained</c>.</summary>
internal sealed class RetainedHandler(IMessageBridge bridge, NameMapping mapping, ManagementDesk desk, IOptions<HttpOptions> options, TimeProvider clock)
{
    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, null, "filter");
        byte[] filter = Encoding.UTF8.GetBytes(ManagementDesk.One(context.Request.Query, "filter") ?? "#");
        if (!TopicFilter.IsValid(filter))
            throw RefusalException.Invalid("filter is no MQTT topic filter.");

        await bridge.Retained.CatchUpAsync(context.RequestAborted);
        RetainedSearch search = paging.After.Length == 0 ? new RetainedSearch(filter) : new RetainedSearch(filter, Encoding.UTF8.GetBytes(paging.After));
        List<RetainedMessage> items = [];
        string? last = null;
        while (!search.IsDone && items.Count < paging.Limit)
        {
            bridge.Retained.Continue(search, paging.Limit - items.Count, clock.GetUtcNow());
            foreach (RetainedReference found in search.Found)
            {
                last = found.Name;
                if (await ReadAsync(found, context.RequestAborted) is { } message)
                    items.Add(message);
            }
        }

        string? next = search.IsDone || last is null ? null : Paging.CursorOf(last);
        await ManagementBody.WriteAsync(context, new Page<RetainedMessage>(items, next), ManagementJson.Strict.RetainedMessagePage);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        string user = await desk.ChangeAsync(context, null, "name");
        string name = ManagementDesk.One(context.Request.Query, "name") ?? throw RefusalException.Invalid("Say name: the MQTT topic name.");
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        if (!MqttTopicName.IsValid(utf8))
            throw RefusalException.Invalid("name is no MQTT topic name.");

        await bridge.Retained.CatchUpAsync(context.RequestAborted);
        var search = new RetainedSearch(utf8);
        bridge.Retained.Continue(search, 1, clock.GetUtcNow());
        if (search.Found.Count == 0)
            throw new RefusalException(Problem.NotFound, $"Nothing is retained under {name}.");

        await RemoveAsync(utf8);
        desk.Changed(context, user, "delete-retained", name);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>As devices do it: an empty retained message, which who subscribes now sees, too [MQTT-3.3.1-6].</summary>
    private async ValueTask RemoveAsync(byte[] name)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            string topic = mapping.Map(name, ref properties);
            await bridge.PublishAsync(new PublishMessage(topic, default, properties.Written) { Retain = true, OrderingHash = TopicMapping.OrderingHash(name) }, CancellationToken.None);
        }
        finally
        {
            properties.Dispose();
        }
    }

    private async ValueTask<RetainedMessage?> ReadAsync(RetainedReference found, CancellationToken cancellationToken)
    {
        using var batch = new MessageBatch();
        await bridge.Retained.ReadAsync(found, batch, cancellationToken);
        return batch.Count == 0 ? null : ShapeOf(found, batch[0]);
    }

    private RetainedMessage ShapeOf(RetainedReference found, in BridgeMessage message)
    {
        ReadOnlySpan<byte> body = message.Body.Span;
        bool isCut = body.Length > _options.MaxListedBody;
        bool isText = !isCut && Utf8.IsValid(body);
        if (isCut)
            body = body[.._options.MaxListedBody];

        MessageFields.TryReadContentType(message.Properties, out ReadOnlySpan<byte> contentType);
        return new RetainedMessage(
            found.Name,
            message.Topic,
            message.Properties.GetString(PropertyNames.Tags),
            contentType.IsEmpty ? null : Encoding.UTF8.GetString(contentType),
            ManagedMessage.UserProperties(message.Properties),
            isText ? Encoding.UTF8.GetString(body) : Convert.ToBase64String(body),
            isText ? "utf-8" : "base64",
            isCut ? true : null,
            message.Body.Length,
            message.StoredAt,
            found.Entry.ExpiresAt > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(found.Entry.ExpiresAt) : null);
    }
}
