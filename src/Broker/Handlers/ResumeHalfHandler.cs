using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>RESUME_CHECK_HALF_MESSAGE (323): a transaction that was asked about too often is open again, and asked about from the first time on.</summary>
internal sealed class ResumeHalfHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        ResumeCheckHalfMessageRequestHeader header = ResumeCheckHalfMessageRequestHeader.Read(request.Fields);
        if (!OffsetMessageId.TryParse(header.MessageId, out _, out long offset))
        {
            request.Reply(ResponseCode.SystemError, $"the msgId '{header.MessageId}' is no offset message id");
            return default;
        }

        using RecordLease lease = core.Store.ReadRecord(offset);
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord record))
        {
            request.Reply(ResponseCode.SystemError, $"can not find message by the offset, {offset}");
            return default;
        }

        if (core.Transactions.Resume(record, out AppendResult appended) is { } why)
        {
            request.Reply(ResponseCode.SystemError, why);
            return default;
        }

        return ReplyAsync(request, core.Store.WaitDurableAsync(appended.End));
    }

    private static async ValueTask ReplyAsync(RemotingRequest request, ValueTask<DurabilityStatus> durable)
    {
        bool isKept = await durable.ConfigureAwait(false) == DurabilityStatus.Durable;
        request.Reply(isKept ? ResponseCode.Success : ResponseCode.SystemError, isKept ? null : "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed.");
    }
}
