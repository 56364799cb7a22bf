using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Transactions;

/// <summary>Ends transactions that this producer began.</summary>
internal sealed class TransactionEnds(ClusterConnection connection, TransactionProducerOptions options)
{
    /// <summary>The number of an outcome on the wire.</summary>
    public static int Code(TransactionOutcome outcome) => outcome switch
    {
        TransactionOutcome.Commit => EndTransactionRequestHeader.Commit,
        TransactionOutcome.Rollback => EndTransactionRequestHeader.Rollback,
        _ => EndTransactionRequestHeader.Unknown,
    };

    /// <summary>RocketMQ's word for an outcome, as traces have it.</summary>
    public static string Name(TransactionOutcome outcome) => outcome switch
    {
        TransactionOutcome.Commit => "COMMIT_MESSAGE",
        TransactionOutcome.Rollback => "ROLLBACK_MESSAGE",
        _ => "UNKNOW",
    };

    /// <summary>Commits or rolls back, and completes when the broker has it durably.</summary>
    public async ValueTask EndAsync(Message message, SendReceipt half, TransactionOutcome outcome, CancellationToken cancellationToken)
    {
        string what = $"Ending transaction {half.MessageId} of topic {message.Topic} with {outcome}";
        if (!OffsetMessageId.TryParse(half.OffsetMessageId, out _, out long logOffset))
        {
            throw new BadAnswerException($"{what} failed: the broker's answer to its send named no place in the log ('{half.OffsetMessageId}').", null, mayHaveHappened: false);
        }

        string address = await connection.RequireAddressAsync(half.Queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        var header = new EndTransactionRequestHeader
        {
            Topic = message.Topic,
            ProducerGroup = options.Group,
            TransactionStateTableOffset = half.QueueOffset,
            CommitLogOffset = logOffset,
            CommitOrRollback = Code(outcome),
            FromTransactionCheck = false,
            MessageId = half.MessageId,
            TransactionId = half.MessageId,
            BrokerName = half.Queue.BrokerName,
        };
        connection.Trace?.TransactionEnded(
            options.Group, message.Topic, half.MessageId, message.Tag, message.Keys, half.Queue.BrokerName, Name(outcome), fromCheck: false);
        using RemotingResponse response = await connection.Calls
            .RequireAsync(address, RequestCode.EndTransaction, header, default, connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
    }
}
