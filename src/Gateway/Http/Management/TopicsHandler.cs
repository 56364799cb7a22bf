using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Topics: <c>/v1/topics</c> and what is below.</summary>
internal sealed class TopicsHandler(IMessageBridge bridge, ManagementDesk desk, IOptions<HttpOptions> options)
{
    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, _options.MaxPage, "kind");
        string kind = ManagementDesk.One(context.Request.Query, "kind") ?? "user";
        IEnumerable<TopicState> topics = await desk.Brokers.Topics.ListAsync(context.RequestAborted);
        if (kind != "all")
        {
            TopicKind wanted = KindOf(kind);
            topics = topics.Where(topic => topic.Kind == wanted);
        }

        (IReadOnlyList<TopicState> page, string? next) = paging.Cut(topics, topic => topic.Name);
        await ManagementBody.WriteAsync(context, new TopicPage([.. page.Select(ShapeOf)], next), ManagementJson.Strict.TopicPage);
    }

    public async Task FindAsync(HttpContext context, string topic)
    {
        TopicNames.ThrowIfInvalid(topic);
        await desk.ReadAsync(context, topic);
        await AnswerAsync(context, ShapeOf(await RequireAsync(topic, context.RequestAborted)));
    }

    public async Task PutAsync(HttpContext context, string topic)
    {
        TopicNames.ThrowIfInvalid(topic);
        string user = await desk.ChangeAsync(context, topic);
        TopicSettings wanted = await ManagementBody.ReadAsync(context.Request, ManagementJson.Strict.TopicSettings, new TopicSettings(), _options.MaxJsonSize);
        if (wanted.Queues is { } queues && (queues < 1 || queues > _options.MaxQueues))
            throw RefusalException.Invalid($"queues must be a number from 1 to {_options.MaxQueues}.");

        TopicState? present = await desk.Brokers.Topics.FindAsync(topic, context.RequestAborted);
        ManagementDesk.CheckPreconditions(context.Request, present is null ? null : TagOf(present));
        int? count = wanted.Queues ?? (present is null ? Math.Min(8, _options.MaxQueues) : null);
        // The directory knows when a new topic can be published to.
        if (present is null)
            await bridge.Topics.CreateAsync(topic, count!.Value, context.RequestAborted);

        TopicState now = await desk.Brokers.Topics.PutAsync(topic, new TopicChange(count, wanted.CanRead, wanted.CanWrite), context.RequestAborted);
        desk.Changed(context, user, present is null ? "create-topic" : "change-topic", topic, $"queues {now.Queues}, read {now.CanRead}, write {now.CanWrite}");
        context.Response.StatusCode = present is null ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await AnswerAsync(context, ShapeOf(now));
    }

    public async Task DeleteAsync(HttpContext context, string topic)
    {
        TopicNames.ThrowIfInvalid(topic);
        string user = await desk.ChangeAsync(context, topic);
        TopicState present = await RequireAsync(topic, context.RequestAborted);
        ManagementDesk.CheckPreconditions(context.Request, TagOf(present));
        await desk.Brokers.Topics.DeleteAsync(topic, context.RequestAborted);
        desk.Changed(context, user, "delete-topic", topic);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task QueuesAsync(HttpContext context, string topic)
    {
        TopicNames.ThrowIfInvalid(topic);
        Paging paging = await desk.ReadPageAsync(context, topic);
        IReadOnlyList<QueueState> queues = await desk.Brokers.Topics.GetQueuesAsync(topic, context.RequestAborted);
        (IReadOnlyList<QueueState> page, string? next) = paging.Cut(queues, queue => $"{queue.Broker} {queue.QueueId:D10}");
        var shapes = new Page<TopicQueue>(
            [.. page.Select(queue => new TopicQueue(queue.Broker, queue.QueueId, queue.First, queue.End, queue.End - queue.First, queue.LastStoredAt))], next);
        await ManagementBody.WriteAsync(context, shapes, ManagementJson.Strict.TopicQueuePage);
    }

    public async Task GroupsAsync(HttpContext context, string topic)
    {
        TopicNames.ThrowIfInvalid(topic);
        Paging paging = await desk.ReadPageAsync(context, topic);
        IReadOnlyList<string> groups = await desk.Brokers.Topics.ListGroupsAsync(topic, context.RequestAborted);
        (IReadOnlyList<string> page, string? next) = paging.Cut(groups, group => group);
        List<TopicGroup> shapes = [];
        foreach (string group in page)
        {
            IReadOnlyList<QueueLag> progress = await desk.Brokers.Groups.GetProgressAsync(group, context.RequestAborted);
            shapes.Add(new TopicGroup(group, progress.Where(queue => queue.Topic == topic).Sum(queue => queue.Lag)));
        }

        await ManagementBody.WriteAsync(context, new Page<TopicGroup>(shapes, next), ManagementJson.Strict.TopicGroupPage);
    }

    private static Topic ShapeOf(TopicState topic) => new(
        topic.Name, topic.Queues, topic.ReadQueues, WordOf(topic.Kind), topic.CanRead, topic.CanWrite, topic.Attributes);

    private static string WordOf(TopicKind kind) => kind switch
    {
        TopicKind.User => "user",
        TopicKind.Retry => "retry",
        TopicKind.DeadLetter => "dead-letter",
        _ => "system",
    };

    private static TopicKind KindOf(string word) => word switch
    {
        "user" => TopicKind.User,
        "retry" => TopicKind.Retry,
        "dead-letter" => TopicKind.DeadLetter,
        "system" => TopicKind.System,
        _ => throw RefusalException.Invalid("kind must be user, retry, dead-letter, system or all."),
    };

    private static string TagOf(TopicState topic) => ManagementBody.TagOf(ShapeOf(topic), ManagementJson.Strict.Topic);

    private static Task AnswerAsync(HttpContext context, Topic topic)
    {
        context.Response.Headers.ETag = ManagementBody.TagOf(topic, ManagementJson.Strict.Topic);
        return ManagementBody.WriteAsync(context, topic, ManagementJson.Strict.Topic);
    }

    private async ValueTask<TopicState> RequireAsync(string topic, CancellationToken cancellationToken)
        => await desk.Brokers.Topics.FindAsync(topic, cancellationToken)
            ?? throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
}
