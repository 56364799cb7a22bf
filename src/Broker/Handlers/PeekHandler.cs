using System.Buffers;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>PEEK_MESSAGE (200052): what a pop would give, without taking it.</summary>
internal sealed class PeekHandler(BrokerCore core) : IRequestHandler
{
    [ThreadStatic]
    private static PopAnswer? _answer;

    private readonly PopCheck _check = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        PeekMessageRequestHeader header = PeekMessageRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header.Topic, header.ConsumerGroup, header.QueueId, out PopRequest peek);
        if (code != 0)
        {
            request.Reply(code, default(PopMessageResponseHeader), remark);
            return default;
        }

        PopAnswer answer = _answer ??= new PopAnswer();
        try
        {
            bool isFound = core.Pop.Peek(peek with { MaxMessages = header.MaxMessages }, answer) == PopStatus.Found;
            var fields = new PopMessageResponseHeader { PopTime = 0, InvisibleTime = 0, ReviveQueueId = 0, RestCount = answer.Rest };
            if (isFound)
            {
                request.ReplyStreaming(ResponseCode.Success, fields, new Records(answer), "FOUND");
            }
            else
            {
                request.Reply(ResponseCode.PullNotFound, fields, "NO_MESSAGE_IN_QUEUE");
            }
        }
        finally
        {
            answer.Clear();
        }

        return default;
    }

    private readonly struct Records(PopAnswer answer) : IResponseBody
    {
        public int Length => answer.Bytes;

        public void WriteTo(IBufferWriter<byte> output) => answer.WriteTo(output);
    }
}
