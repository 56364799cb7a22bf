using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>A command that RocketMQ has and this broker has not yet: said so, never left unanswered.</summary>
internal sealed class UnsupportedHandler(string what, int code = ResponseCode.RequestCodeNotSupported) : IRequestHandler
{
    private readonly string _remark = $"{what} not supported by this broker";

    public ValueTask HandleAsync(RemotingRequest request)
    {
        request.Reply(code, _remark);
        return default;
    }
}
