using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary><c>GET /v1/messages/{id}</c> and <c>/v1/messages/{id}/trace</c>.</summary>
internal sealed class MessagesHandler(ManagementDesk desk)
{
    private const int LongestId = 255;

    /// <summary>Topics that are looked through for an id that a client gave, when nobody says which it is of.</summary>
    private const int MaxTopics = 200;

    public async Task FindAsync(HttpContext context, string id)
    {
        StoredMessage found = await RequireAsync(context, id);
        await ManagementBody.WriteAsync(context, ManagedMessage.Of(found, int.MaxValue), ManagementJson.Strict.ManagedMessage);
    }

    public async Task TraceAsync(HttpContext context, string id)
    {
        StoredMessage found = await RequireAsync(context, id);
        MessageTrace trace = await MessageTracer.TraceAsync(desk.Brokers, found, context.RequestAborted);
        await ManagementBody.WriteAsync(context, trace, ManagementJson.Strict.MessageTrace);
    }

    private async ValueTask<StoredMessage> RequireAsync(HttpContext context, string id)
    {
        string? topic = ManagementDesk.One(context.Request.Query, "topic");
        if (topic is not null)
            TopicNames.ThrowIfInvalid(topic);

        await desk.ReadAsync(context, topic, "topic");
        if (id.Length > LongestId)
            throw RefusalException.Invalid($"An id has at most {LongestId} characters.");

        StoredMessage? found = await desk.Brokers.Messages.FindAsync(id, context.RequestAborted);
        // The right to manage one topic is not one to look into others.
        if (found is null || (topic is not null && found.Topic != topic))
            found = await FindByKeyAsync(topic, id, context.RequestAborted);

        return found ?? throw new RefusalException(Problem.NotFound, topic is null
            ? $"There is no message {id} (any more). An id that a client gave is looked for in {MaxTopics} topics at most: say topic."
            : $"There is no message {id} in topic {topic} (any more).");
    }

    private async ValueTask<StoredMessage?> FindByKeyAsync(string? topic, string id, CancellationToken cancellationToken)
    {
        IEnumerable<string> topics = topic is not null
            ? [topic]
            : (await desk.Brokers.Topics.ListAsync(cancellationToken)).Where(one => one.Kind == TopicKind.User).Select(one => one.Name).Take(MaxTopics);
        foreach (string one in topics)
        {
            IReadOnlyList<StoredMessage> found = await desk.Brokers.Messages.FindByKeyAsync(one, id, 8, cancellationToken);
            if (found.FirstOrDefault(message => message.Properties.GetString(Bridge.Messages.PropertyNames.UniqueKey) == id) is { } message)
                return message;
        }

        return null;
    }
}
