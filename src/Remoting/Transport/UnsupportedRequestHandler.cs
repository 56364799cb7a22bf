using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Answers the codes nobody handles.</summary>
internal sealed class UnsupportedRequestHandler : IRequestHandler
{
    public static readonly UnsupportedRequestHandler Instance = new();

    public ValueTask HandleAsync(RemotingRequest request)
    {
        request.Connection.NoteUnsupported(request.Code);
        request.Reply(ResponseCode.RequestCodeNotSupported, $" request type {request.Code} not supported");
        return default;
    }
}
