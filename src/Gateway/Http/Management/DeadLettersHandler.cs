using System.Globalization;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Dead letters of a group: <c>/v1/groups/{group}/dead-letters</c> and <c>.../resend</c>.</summary>
internal sealed class DeadLettersHandler(ManagementDesk desk, DeadLetterResend resend, IOptions<HttpOptions> options)
{
    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        Paging paging = await desk.ReadPageAsync(context, null, null, "key", "from", "to");
        IQueryCollection query = context.Request.Query;
        var search = new DeadLetterSearch(
            desk.Brokers, TopicNames.DeadLettersOf(group), ManagementDesk.One(query, "key"), TimeOf(query, "from"), TimeOf(query, "to"));
        (IReadOnlyList<StoredMessage> found, string? next) = await search.PageAsync(paging, context.RequestAborted);
        var page = new Page<ManagedMessage>([.. found.Select(message => ManagedMessage.Of(message, _options.MaxListedBody))], next);
        await ManagementBody.WriteAsync(context, page, ManagementJson.Strict.ManagedMessagePage);
    }

    public async Task ResendAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        string user = await desk.ChangeAsync(context);
        ResendDeadLetters wanted = await ManagementBody.ReadAsync(context.Request, ManagementJson.Strict.ResendDeadLetters, null, _options.MaxJsonSize);
        Check(wanted);
        if (await desk.Brokers.Groups.FindAsync(group, context.RequestAborted) is null)
            throw new RefusalException(Problem.GroupNotFound, $"There is no group {group}.");

        ResentDeadLetters answer = wanted.All
            ? await resend.AllAsync(group, wanted, context.RequestAborted)
            : await resend.SomeAsync(group, wanted.MessageIds!, wanted.Topic, context.RequestAborted);
        desk.Changed(
            context, user, "resend-dead-letters", group, string.Create(CultureInfo.InvariantCulture, $"{answer.Sent} sent to {wanted.Topic ?? "the group"}"));
        context.Response.StatusCode = answer.Results?.Any(result => result.Error is not null) == true ? StatusCodes.Status207MultiStatus : StatusCodes.Status200OK;
        await ManagementBody.WriteAsync(context, answer, ManagementJson.Strict.ResentDeadLetters);
    }

    private void Check(ResendDeadLetters wanted)
    {
        if (wanted.All == (wanted.MessageIds is not null))
            throw RefusalException.Invalid("Say either messageIds or all.");

        if (wanted.MessageIds is { } ids && (ids.Count == 0 || ids.Count > _options.MaxReceipts))
            throw RefusalException.Invalid($"messageIds has {ids.Count} ids; 1 to {_options.MaxReceipts} are taken.");

        if (!wanted.All && (wanted.Key is not null || wanted.From is not null || wanted.To is not null))
            throw RefusalException.Invalid("key, from and to belong to all.");

        if (wanted.Topic is { } topic)
        {
            TopicNames.ThrowIfInvalid(topic);
            if (TopicNames.IsGroupTopic(topic))
                throw new BridgeException(BridgeError.TopicInvalid, $"Topic {topic} belongs to a group: leave topic out to give dead letters to their group.");
        }
    }

    private static DateTimeOffset? TimeOf(IQueryCollection query, string name)
        => ManagementDesk.One(query, name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time >= DateTimeOffset.UnixEpoch && time.Year < 9999 ? time
            : throw RefusalException.Invalid($"{name} must be a time such as 2030-01-31T12:00:00Z.");
}
