using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>END_TRANSACTION (37): a producer commits, rolls back, or does not know yet. Most clients send it one-way.</summary>
internal sealed class EndTransactionHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        EndTransactionRequestHeader header = EndTransactionRequestHeader.Read(request.Fields);
        switch (header.CommitOrRollback)
        {
            case EndTransactionRequestHeader.Unknown:
                // RocketMQ leaves it unanswered, and a client that waits for an answer waits in vain.
                request.Reply(ResponseCode.Success);
                return default;
            case EndTransactionRequestHeader.Commit or EndTransactionRequestHeader.Rollback:
                var end = new TransactionEnd(
                    header.ProducerGroup,
                    header.TransactionStateTableOffset,
                    header.CommitLogOffset,
                    header.CommitOrRollback == EndTransactionRequestHeader.Commit ? TransactionResult.Committed : TransactionResult.RolledBack,
                    header.FromTransactionCheck == true);
                return ReplyAsync(request, core.Transactions.EndAsync(end));
            default:
                request.Reply(ResponseCode.SystemError, "commitOrRollback field wrong");
                return default;
        }
    }

    private async ValueTask ReplyAsync(RemotingRequest request, ValueTask<EndOutcome> pending)
    {
        EndOutcome outcome = await pending.ConfigureAwait(false);
        switch (outcome.Status)
        {
            case EndStatus.Ok:
                request.Reply(ResponseCode.Success);
                break;
            case EndStatus.TooLate:
                request.Reply(ResponseCode.IllegalOperation);
                break;
            case EndStatus.NotPut:
                Refuse(request, outcome.Append);
                break;
            default:
                request.Reply(ResponseCode.SystemError, outcome.Remark);
                break;
        }
    }

    private void Refuse(RemotingRequest request, AppendStatus status)
    {
        switch (status)
        {
            case AppendStatus.MessageTooLarge or AppendStatus.PropertiesTooLarge or AppendStatus.Malformed:
                request.Reply(
                    ResponseCode.MessageIllegal,
                    $"The message is illegal, maybe msg body or properties length not matched. msg body length limit {core.Options.MaxBodySize}B, msg properties length limit 32KB.");
                break;
            case AppendStatus.Busy:
                core.Metrics.Limited(FlowLimit.UndurableBytes);
                request.Reply(ResponseCode.SystemError, $"OS page cache busy, please try another machine: {core.Options.MaxUndurableBytes} bytes wait to become durable (limit MaxUndurableBytes)");
                break;
            default:
                request.Reply(ResponseCode.ServiceNotAvailable, "Service not available now.");
                break;
        }
    }
}
