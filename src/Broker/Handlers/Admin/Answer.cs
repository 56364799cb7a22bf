using System.Text.Json.Serialization.Metadata;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>Answers with a body.</summary>
internal static class Answer
{
    /// <summary>Answers with a JSON body.</summary>
    public static ValueTask With<T>(RemotingRequest request, T body, JsonTypeInfo<T> type) => With(request, LenientJson.Write(body, type));

    /// <summary>Answers with a body.</summary>
    public static ValueTask With(RemotingRequest request, ReadOnlyMemory<byte> body)
    {
        request.Reply(ResponseCode.Success, default(NoFields), body);
        return default;
    }

    /// <summary>Answers without a body: a success, or a refusal.</summary>
    public static ValueTask With(RemotingRequest request, int code = ResponseCode.Success, string? remark = null)
    {
        request.Reply(code, remark);
        return default;
    }
}
