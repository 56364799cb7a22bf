using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>CHECK_CLIENT_CONFIG (46): whether the broker can filter by an expression, before a client subscribes with it.</summary>
internal sealed class CheckClientConfigHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        SubscriptionData? subscription = request.Body.IsEmpty
            ? null
            : LenientJson.Read(request.Body, RemotingJson.Bodies.CheckClientBody).Subscription;
        if (subscription is null || FilterCompiler.IsTags(subscription.ExpressionType)
            || core.Filters.Compile(subscription.ExpressionType, subscription.Expression, out FilterRefusal? refusal) is not null)
        {
            request.Reply(ResponseCode.Success);
            return default;
        }

        request.Reply(ResponseCodes.Of(refusal!).Code, refusal!.Reason);
        return default;
    }
}
