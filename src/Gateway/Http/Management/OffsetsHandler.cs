using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary><c>POST /v1/groups/{group}/offsets/reset</c>: where a group goes on in a topic.</summary>
internal sealed class OffsetsHandler(ManagementDesk desk, IOptions<HttpOptions> options)
{
    private readonly HttpOptions _options = options.Value;

    public async Task ResetAsync(HttpContext context, string group)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        string user = await desk.ChangeAsync(context);
        ResetRequest wanted = await ManagementBody.ReadAsync(context.Request, ManagementJson.Strict.ResetRequest, null, _options.MaxJsonSize);
        TopicNames.ThrowIfInvalid(wanted.Topic);
        DateTimeOffset? time = TimeOf(wanted);
        if (await desk.Brokers.Groups.FindAsync(group, context.RequestAborted) is null)
            throw new RefusalException(Problem.GroupNotFound, $"There is no group {group}.");

        IReadOnlyList<QueueReset> queues = await desk.Brokers.Groups.ResetAsync(new OffsetReset(group, wanted.Topic, time, wanted.DryRun), context.RequestAborted);
        if (!wanted.DryRun)
            desk.Changed(context, user, "reset-offsets", $"{group} in {wanted.Topic}", time is { } to ? $"to {to:O}" : "to the end");

        var result = new ResetResult(
            group, wanted.Topic, wanted.DryRun, [.. queues.Select(queue => new QueueResetResult(queue.Broker, queue.QueueId, queue.From < 0 ? null : queue.From, queue.To))]);
        await ManagementBody.WriteAsync(context, result, ManagementJson.Strict.ResetResult);
    }

    private static DateTimeOffset? TimeOf(ResetRequest wanted) => (wanted.Time, wanted.To) switch
    {
        ({ } time, null) => time >= DateTimeOffset.UnixEpoch ? time : throw RefusalException.Invalid("time is before 1970."),
        (null, "earliest") => DateTimeOffset.UnixEpoch,
        (null, "latest") => null,
        _ => throw RefusalException.Invalid("Say either time, or to: earliest or latest."),
    };
}
