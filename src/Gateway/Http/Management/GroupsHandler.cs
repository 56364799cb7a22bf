using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Consumer groups: <c>/v1/groups</c> and what is below.</summary>
internal sealed class GroupsHandler(ManagementDesk desk, IOptions<HttpOptions> options)
{
    private const int MaxRetryQueues = 64;
    private const int MaxMaxRetries = 1_000_000;

    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, null, "kind");
        string kind = ManagementDesk.One(context.Request.Query, "kind") ?? "user";
        if (kind is not ("user" or "system" or "all"))
            throw RefusalException.Invalid("kind must be user, system or all.");

        IReadOnlyList<GroupSettings> groups = await desk.Brokers.Groups.ListAsync(context.RequestAborted);
        (IReadOnlyList<GroupSettings> page, string? next) = paging.Cut(
            groups.Where(group => kind == "all" || group.IsSystem == (kind == "system")), group => group.Name);
        List<Group> shapes = [];
        foreach (GroupSettings group in page)
            shapes.Add(await ShapeOfAsync(group, context.RequestAborted));

        await ManagementBody.WriteAsync(context, new Page<Group>(shapes, next), ManagementJson.Strict.GroupPage);
    }

    public async Task FindAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        await desk.ReadAsync(context);
        await AnswerAsync(context, await RequireAsync(group, context.RequestAborted));
    }

    public async Task PutAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        string user = await desk.ChangeAsync(context);
        GroupChange wanted = await ManagementBody.ReadAsync(context.Request, ManagementJson.Strict.GroupChange, new GroupChange(), _options.MaxJsonSize);
        if (wanted.RetryQueues is < 1 or > MaxRetryQueues)
            throw RefusalException.Invalid($"retryQueues must be a number from 1 to {MaxRetryQueues}.");
        if (wanted.MaxRetries is < 0 or > MaxMaxRetries)
            throw RefusalException.Invalid($"maxRetries must be a number from 0 to {MaxMaxRetries}.");

        GroupSettings? present = await desk.Brokers.Groups.FindAsync(group, context.RequestAborted);
        ManagementDesk.CheckPreconditions(context.Request, present is null ? null : TagOf(present));
        GroupSettings before = present ?? new GroupSettings(group);
        GroupSettings now = await desk.Brokers.Groups.PutAsync(
            before with
            {
                CanConsume = wanted.CanConsume ?? before.CanConsume,
                CanBroadcast = wanted.CanBroadcast ?? before.CanBroadcast,
                IsOrdered = wanted.IsOrdered ?? before.IsOrdered,
                RetryQueues = wanted.RetryQueues ?? before.RetryQueues,
                MaxRetries = wanted.MaxRetries ?? before.MaxRetries,
            },
            context.RequestAborted);
        desk.Changed(
            context, user, present is null ? "create-group" : "change-group", group, $"consume {now.CanConsume}, broadcast {now.CanBroadcast}, ordered {now.IsOrdered}, retry queues {now.RetryQueues}, retries {now.MaxRetries}");
        context.Response.StatusCode = present is null ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await AnswerAsync(context, now);
    }

    public async Task DeleteAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        string user = await desk.ChangeAsync(context, null, "progress");
        bool removeProgress = (ManagementDesk.One(context.Request.Query, "progress") ?? "keep") switch
        {
            "keep" => false,
            "remove" => true,
            _ => throw RefusalException.Invalid("progress must be keep or remove."),
        };
        GroupSettings present = await RequireAsync(group, context.RequestAborted);
        ManagementDesk.CheckPreconditions(context.Request, TagOf(present));
        if (present.IsSystem)
            throw new RefusalException(Problem.Conflict, $"Group {group} is the brokers' own.");

        IReadOnlyList<GroupMemberState> members = await desk.Brokers.Groups.ListMembersAsync(group, context.RequestAborted);
        if (members.Count > 0)
            throw new RefusalException(Problem.Conflict, $"Group {group} has {members.Count} members that are connected: they would make it again.");

        await desk.Brokers.Groups.DeleteAsync(group, removeProgress, context.RequestAborted);
        desk.Changed(context, user, "delete-group", group, removeProgress ? "with its progress" : "its progress stays");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task LagAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        Paging paging = await desk.ReadPageAsync(context);
        await RequireAsync(group, context.RequestAborted);
        IReadOnlyList<QueueLag> progress = await desk.Brokers.Groups.GetProgressAsync(group, context.RequestAborted);
        (IReadOnlyList<QueueLag> page, string? next) = paging.Cut(
            progress.OrderBy(KeyOf, StringComparer.Ordinal), KeyOf);
        var shape = new GroupLag(
            group,
            progress.Sum(queue => queue.Lag),
            [.. page.Select(queue => new QueueProgress(queue.Topic, queue.Broker, queue.QueueId, queue.Offset, queue.End, queue.Lag, queue.LastHandledStoredAt))],
            next);
        await ManagementBody.WriteAsync(context, shape, ManagementJson.Strict.GroupLag);
    }

    public async Task MembersAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        Paging paging = await desk.ReadPageAsync(context);
        await RequireAsync(group, context.RequestAborted);
        IReadOnlyList<GroupMemberState> members = await desk.Brokers.Groups.ListMembersAsync(group, context.RequestAborted);
        (IReadOnlyList<GroupMemberState> page, string? next) = paging.Cut(members, member => member.ClientId);
        var shape = new Page<GroupMember>([.. page.Select(ShapeOf)], next);
        await ManagementBody.WriteAsync(context, shape, ManagementJson.Strict.GroupMemberPage);
    }

    private static string KeyOf(QueueLag queue) => $"{queue.Topic} {queue.Broker} {queue.QueueId:D10}";

    private static GroupMember ShapeOf(GroupMemberState member) => new(
        member.ClientId,
        member.Address,
        member.Language,
        member.Version,
        member.IsGateway,
        [.. member.Subscriptions.Select(wanted => new Subscription(wanted.Topic, wanted.Expression, wanted.ExpressionType))]);

    /// <summary>Of the settings alone: a group that consumes is the same group.</summary>
    private static string TagOf(GroupSettings group) => ManagementBody.TagOf(ShapeOf(group, 0, 0), ManagementJson.Strict.Group);

    private static Group ShapeOf(GroupSettings group, int members, long lag) => new(
        group.Name, group.CanConsume, group.CanBroadcast, group.IsOrdered, group.RetryQueues, group.MaxRetries, group.IsSystem, members, lag);

    private async Task AnswerAsync(HttpContext context, GroupSettings group)
    {
        context.Response.Headers.ETag = TagOf(group);
        await ManagementBody.WriteAsync(context, await ShapeOfAsync(group, context.RequestAborted), ManagementJson.Strict.Group);
    }

    private async ValueTask<Group> ShapeOfAsync(GroupSettings group, CancellationToken cancellationToken) => ShapeOf(
        group,
        (await desk.Brokers.Groups.ListMembersAsync(group.Name, cancellationToken)).Count,
        await desk.Brokers.Groups.GetLagAsync(group.Name, cancellationToken));

    private async ValueTask<GroupSettings> RequireAsync(string group, CancellationToken cancellationToken)
        => await desk.Brokers.Groups.FindAsync(group, cancellationToken)
            ?? throw new RefusalException(Problem.GroupNotFound, $"There is no group {group}.");
}
