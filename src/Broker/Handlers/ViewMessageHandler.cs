using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>VIEW_MESSAGE_BY_ID (33): one record by its offset in the commit log.</summary>
internal sealed class ViewMessageHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        ViewMessageRequestHeader header = ViewMessageRequestHeader.Read(request.Fields);
        if (!core.ReadRecord(header.Offset, new Answer(request)))
        {
            request.Reply(ResponseCode.SystemError, $"can not find message by the offset, {header.Offset}");
        }

        return default;
    }

    private sealed class Answer(RemotingRequest request) : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            request.Reply(ResponseCode.Success, default(NoFields), record.ToArray());
            return true;
        }
    }
}
