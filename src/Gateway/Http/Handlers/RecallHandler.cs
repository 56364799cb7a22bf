using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>DELETE /v1/topics/{topic}/timed/{handle}</c>: calls a message back that waits for its time. Whoever may publish it may do so.</summary>
internal sealed class RecallHandler(IMessageBridge bridge, HttpAccess access)
{
    public async Task HandleAsync(HttpContext context, string topic, string handle)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        TopicNames.ThrowIfInvalid(topic);
        ClientRights? rights = await access.AuthenticateAsync(context);
        access.CheckPublish(context, rights, new PublishMessage(topic, default, default));
        await bridge.RecallAsync(topic, handle, CancellationToken.None);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
