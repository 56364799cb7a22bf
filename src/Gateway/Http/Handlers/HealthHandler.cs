using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>GET /healthz</c>: the process answers. <c>GET /readyz</c>: messages can be published and received.</summary>
internal sealed class HealthHandler(IMessageBridge bridge)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public static Task AliveAsync(HttpContext context)
        => JsonAnswer.WriteAsync(context.Response, "alive", static (writer, status) =>
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, status);
            writer.WriteEndObject();
        });

    public Task ReadyAsync(HttpContext context)
    {
        BridgeStatus status = bridge.Status;
        if (!status.CanPublish || !status.CanReceive)
            return new ProblemDetail(Problem.NotReady, Reason(status), LookAgain).WriteAsync(context.Response);

        return JsonAnswer.WriteAsync(context.Response, bridge.Capabilities, static (writer, capabilities) =>
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, "ready"u8);
            writer.WriteString("cluster"u8, capabilities.Cluster);
            writer.WriteString("durability"u8, capabilities.Durability);
            writer.WriteEndObject();
        });
    }

    private static string Reason(BridgeStatus status)
    {
        string what = (status.CanPublish, status.CanReceive) switch
        {
            (false, false) => "Messages can neither be published nor received",
            (false, true) => "Messages can be received, not published",
            _ => "Messages can be published, not received",
        };
        return status.Reason is null ? what + "." : $"{what}: {status.Reason}";
    }
}
