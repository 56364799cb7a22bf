using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// GET_MAX_OFFSET (30): the end of a queue. With <c>committed</c> false what is stored and cannot be read yet counts, too: it is answered when all
/// that was stored before can be read.
/// </summary>
internal sealed class MaxOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetMaxOffsetRequestHeader header = GetMaxOffsetRequestHeader.Read(request.Fields);
        if (header.Committed == false)
        {
            return AnswerWhenReadableAsync(request, header);
        }

        Answer(request, header);
        return default;
    }

    private async ValueTask AnswerWhenReadableAsync(RemotingRequest request, GetMaxOffsetRequestHeader header)
    {
        await core.WaitReadableAsync();
        Answer(request, header);
    }

    private void Answer(RemotingRequest request, in GetMaxOffsetRequestHeader header)
        => request.Reply(ResponseCode.Success, new GetMaxOffsetResponseHeader { Offset = core.Offsets.Max(header.Topic, header.QueueId) });
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

/// <summary>SEARCH_OFFSET_BY_TIMESTAMP (29): the first message stored at or after a time; the last one at or before it when the boundary is "upper".</summary>
internal sealed class SearchOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        SearchOffsetRequestHeader header = SearchOffsetRequestHeader.Read(request.Fields);
        bool upper = string.Equals(header.BoundaryType, "upper", StringComparison.OrdinalIgnoreCase);
        request.Reply(ResponseCode.Success, new SearchOffsetResponseHeader { Offset = upper ? Upper(header) : core.Offsets.Search(header.Topic, header.QueueId, header.Timestamp) });
        return default;
    }

    // The last message stored at or before the time; 0 when all are later, as RocketMQ has it.
    private long Upper(in SearchOffsetRequestHeader header)
    {
        long after = header.Timestamp == long.MaxValue
            ? core.Offsets.Max(header.Topic, header.QueueId)
            : core.Offsets.Search(header.Topic, header.QueueId, header.Timestamp + 1);
        return after > core.Offsets.Min(header.Topic, header.QueueId) ? after - 1 : 0;
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
