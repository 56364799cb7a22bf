using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Client.Transactions;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Gateway.Cluster.Exchanges;

/// <summary>Transactions at the brokers of a cluster: half messages by the gateway's producer, questions to the groups that it joined.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ClusterTransactions(ClusterConnection connection, Producer producer, ILogger log) : ITransactions
{
    private const int Looks = 4;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly HalfMessageCalls _calls = new(connection);

    /// <summary>Refuses a message that cannot be published.</summary>
    public required Action<PublishMessage> Check { get; init; }

    public async ValueTask<BegunTransaction> BeginAsync(PublishMessage message, string group, TimeSpan? checkAfter, CancellationToken cancellationToken = default)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        Check(message);
        if (message.Delay > TimeSpan.Zero || message.Retain)
        {
            throw new BridgeException(BridgeError.InvalidArgument, "The message of a transaction has no delay and is not retained.");
        }

        SystemProperty[] properties = [new("TRAN_MSG", "true"), new("PGROUP", group)];
        if (checkAfter is { } after)
        {
            properties = [.. properties, new("CHECK_IMMUNITY_TIME_IN_SECONDS", ((long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture))];
        }

        var half = new Message(message.Topic, message.Body) { PropertyText = message.Properties.Text, BornAt = message.BornAt };
        SendReceipt receipt = await ClusterErrors
            .TranslateAsync(producer.SendAsync(
                half,
                new SendTarget(null, message.OrderingHash),
                new SendPurpose(SendKind.Message, MessageSysFlag.TransactionPrepared, properties),
                cancellationToken))
            .ConfigureAwait(false);
        if (receipt.Status is SendStatus.FlushDiskTimeout or SendStatus.FlushReplicaTimeout)
        {
            throw ClusterErrors.NotDurable(receipt.Status);
        }

        if (!OffsetMessageId.TryParse(receipt.OffsetMessageId, out _, out long logOffset))
        {
            throw new BridgeException(BridgeError.Internal, $"The broker's answer names no place in its log ('{receipt.OffsetMessageId}').", mayHaveHappened: true);
        }

        var place = new HalfPlace(receipt.MessageId, receipt.QueueOffset, logOffset, group, receipt.Queue.BrokerName, message.Topic, WasAsked: false);
        return new BegunTransaction(place.Write(), place.Key);
    }

    public async ValueTask EndAsync(string id, bool isCommitted, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        HalfPlace place = HalfPlace.Read(id) ?? throw new BridgeException(BridgeError.InvalidArgument, "This is no id of a transaction.");
        string address = await ClusterErrors
            .TranslateAsync(connection.RequireAddressAsync(new MessageQueue(place.Topic, place.Broker, 0), masterOnly: true, cancellationToken))
            .ConfigureAwait(false);
        string? key = await ClusterErrors.TranslateAsync(_calls.FindKeyAsync(address, place.LogOffset, cancellationToken)).ConfigureAwait(false);
        for (int look = 1; key is null && look < Looks; look++)
        {
            // What was stored a moment ago may not be shown yet.
            await Task.Delay(LookAgain, connection.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            key = await ClusterErrors.TranslateAsync(_calls.FindKeyAsync(address, place.LogOffset, cancellationToken)).ConfigureAwait(false);
        }

        if (key != place.Key)
        {
            throw new BridgeException(BridgeError.DeliveryUnknown, "There is no such transaction.");
        }

        var header = new EndTransactionRequestHeader
        {
            Topic = place.Topic,
            ProducerGroup = place.Group,
            TransactionStateTableOffset = place.QueueOffset,
            CommitLogOffset = place.LogOffset,
            CommitOrRollback = isCommitted ? EndTransactionRequestHeader.Commit : EndTransactionRequestHeader.Rollback,
            FromTransactionCheck = place.WasAsked,
            MessageId = place.Key,
            TransactionId = place.Key,
            BrokerName = place.Broker,
        };
        await ClusterErrors.TranslateAsync(EndAsync(address, header, cancellationToken)).ConfigureAwait(false);
    }

    public IDisposable Join(string group, Action<TransactionCheck> asked)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        ArgumentNullException.ThrowIfNull(asked);
        return new AskedGroup(connection, group, asked, log);
    }

    private async ValueTask EndAsync(string address, EndTransactionRequestHeader header, CancellationToken cancellationToken)
    {
        (int code, string? remark) = await _calls.EndAsync(address, header, cancellationToken).ConfigureAwait(false);
        switch (code)
        {
            case ResponseCode.Success:
                return;
            case ResponseCode.IllegalOperation:
                throw new BridgeException(
                    BridgeError.DeliveryUnknown, "The time that this transaction gave its producer is over: the broker asks about it, and is answered with the id of its question.");
            case ResponseCode.SystemError when remark?.Contains("busy", StringComparison.OrdinalIgnoreCase) == true:
                throw new BridgeException(BridgeError.Busy, remark, retryAfter: TimeSpan.FromSeconds(1));
            case ResponseCode.SystemError when remark?.Contains("unknown", StringComparison.Ordinal) == true:
                throw new BridgeException(BridgeError.ReadOnly, remark, mayHaveHappened: true);
            default:
                // Brokers say it so when there is no such half message (any more), or it ended otherwise.
                throw new BridgeException(BridgeError.DeliveryUnknown, $"{remark ?? "There is no such transaction"}.");
        }
    }
}
