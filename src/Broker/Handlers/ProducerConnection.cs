using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.RequestReply;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>A producer at the other end of a connection.</summary>
internal sealed class ProducerConnection(RemotingConnection connection) : ProducerMember
{
    public override object ConnectionKey => connection;

    /// <summary>The connection.</summary>
    public RemotingConnection Connection => connection;

    public override bool TryDisconnect()
    {
        connection.Abort("an operator closed it");
        return true;
    }

    public override bool TryAsk(in TransactionQuestion question) => connection.TrySendOneWay(
        RequestCode.CheckTransactionState,
        new CheckTransactionStateRequestHeader
        {
            Topic = HalfTopics.Half,
            TransactionStateTableOffset = question.QueueOffset,
            CommitLogOffset = question.PhysicalOffset,
            MessageId = question.UniqueKey,
            TransactionId = question.UniqueKey,
            OffsetMessageId = question.OffsetMessageId,
            BrokerName = question.BrokerName,
        },
        question.Record);

    public override async ValueTask<bool> TryReplyAsync(BrokerReply reply)
    {
        var header = new ReplyMessageRequestHeader
        {
            Sent = new SendMessageRequestHeader
            {
                ProducerGroup = new HeaderText(Group),
                Topic = new HeaderText(reply.Topic),
                DefaultTopic = new HeaderText("TBW102"),
                DefaultTopicQueues = 4,
                QueueId = 0,
                SystemFlag = 0,
                BornTimestamp = reply.TakenAt,
                Flag = 0,
                Properties = new HeaderText(reply.Properties.ToArray()),
                ReconsumeTimes = 0,
                UnitMode = false,
            },
            BornHost = reply.From.ToString(),
            StoreHost = reply.Broker.ToString(),
            StoreTimestamp = reply.TakenAt,
        };
        try
        {
            using RemotingResponse answer = await connection
                .InvokeAsync(RequestCode.PushReplyMessageToClient, header, reply.Body, reply.Timeout)
                .ConfigureAwait(false);
            return answer.Code == ResponseCode.Success;
        }
        catch (RemotingException)
        {
            return false;
        }
    }
}
