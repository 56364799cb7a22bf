using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>GET_MAX_OFFSET (30): the end of a queue.</summary>
internal sealed class MaxOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetMaxOffsetRequestHeader header = GetMaxOffsetRequestHeader.Read(request.Fields);
        request.Reply(ResponseCode.Success, new GetMaxOffsetResponseHeader { Offset = core.Offsets.Max(header.Topic, header.QueueId) });
        return default;
    }
}

/// <summary>GET_MIN_OFFSET (31): the first message a queue has.</summary>
internal sealed class MinOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetMinOffsetRequestHeader header = GetMinOffsetRequestHeader.Read(request.Fields);
        request.Reply(ResponseCode.Success, new GetMinOffsetResponseHeader { Offset = core.Offsets.Min(header.Topic, header.QueueId) });
        return default;
    }
}

/// <summary>SEARCH_OFFSET_BY_TIMESTAMP (29): the first message stored at or after a time.</summary>
internal sealed class SearchOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        SearchOffsetRequestHeader header = SearchOffsetRequestHeader.Read(request.Fields);
        request.Reply(ResponseCode.Success, new SearchOffsetResponseHeader { Offset = core.Offsets.Search(header.Topic, header.QueueId, header.Timestamp) });
        return default;
    }
}

/// <summary>GET_EARLIEST_MSG_STORETIME (32): when a queue's first message was stored; -1 without one.</summary>
internal sealed class EarliestStoreTimeHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetEarliestMsgStoreTimeRequestHeader header = GetEarliestMsgStoreTimeRequestHeader.Read(request.Fields);
        request.Reply(ResponseCode.Success, new GetEarliestMsgStoreTimeResponseHeader { Timestamp = core.EarliestStoreTime(header.Topic, header.QueueId) });
        return default;
    }
}
