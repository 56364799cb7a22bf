using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Transactions;
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
}
