using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A list of topics (206, 304, 311 to 313), unless a setting forbids it.</summary>
internal sealed class TopicListHandler(Func<bool> isAllowed, Func<TopicList> list) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        if (isAllowed())
            request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(list(), RemotingJson.Bodies.TopicList));
        else
            request.Reply(ResponseCode.SystemError, "disable");
        return default;
    }
}
