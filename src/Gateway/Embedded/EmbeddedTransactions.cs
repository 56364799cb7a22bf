using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Messages;
using PropertyNames = ProtoBridgeMQ.Bridge.Messages.PropertyNames;
using PropertyTextWriter = ProtoBridgeMQ.Bridge.Messages.PropertyTextWriter;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Transactions at the broker in this process. The id of one says where its half message is, so that nothing has to be remembered:
/// <code>unique-key . place in the queue . place in the log . base64url of the group</code>
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class EmbeddedTransactions(IBrokerCore core, string clientId, RecordDecoder decoder, TimeProvider clock) : ITransactions
{
    /// <summary>Finds or makes the topic of a message, or refuses the message.</summary>
    public required Func<PublishMessage, BrokerTopic> Resolve { get; init; }

    public async ValueTask<BegunTransaction> BeginAsync(PublishMessage message, string group, TimeSpan? checkAfter, CancellationToken cancellationToken = default)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        BrokerTopic topic = Resolve(message);
        string key = message.Properties.GetString(PropertyNames.UniqueKey) ?? UniqueKeys.Next();
        SendOutcome outcome = await Send(message, topic, group, key, checkAfter).ConfigureAwait(false);
        return outcome.Status == SendStatus.Ok
            ? new BegunTransaction(Write(key, outcome.QueueOffset, outcome.PhysicalOffset, group), key)
            : throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"topic {message.Topic}");
    }

    public async ValueTask EndAsync(string id, bool isCommitted, CancellationToken cancellationToken = default)
    {
        TransactionEnd end = Read(id, isCommitted)
            ?? throw new BridgeException(BridgeError.InvalidArgument, "This is no id of a transaction.");
        EndOutcome outcome = await core.EndTransactionAsync(end).ConfigureAwait(false);
        switch (outcome.Status)
        {
            case EndStatus.Ok:
                return;
            case EndStatus.NotPut:
                throw new BridgeException(BridgeError.ReadOnly, $"The message cannot be put into its topic now ({outcome.Append}): the transaction is open still.");
            case EndStatus.Unknown:
                throw new BridgeException(BridgeError.ReadOnly, $"{outcome.Remark}.", mayHaveHappened: true);
            default:
                throw new BridgeException(BridgeError.DeliveryUnknown, $"{outcome.Remark ?? "There is no such transaction"}.");
        }
    }

    public IDisposable Join(string group, Action<TransactionCheck> asked)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        return new Membership(this, group, asked);
    }

    private static string Write(string key, long place, long physicalOffset, string group)
        => string.Create(CultureInfo.InvariantCulture, $"{key}.{place}.{physicalOffset}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(group))}");

    private static TransactionEnd? Read(string id, bool isCommitted)
        => id.Split('.') is [{ Length: > 0 } key, var place, var physical, var group]
            && long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out long queueOffset)
            && long.TryParse(physical, NumberStyles.None, CultureInfo.InvariantCulture, out long logOffset)
            && Base64Url.IsValid(group)
            ? new TransactionEnd(
                Encoding.UTF8.GetString(Base64Url.DecodeFromChars(group)),
                queueOffset,
                logOffset,
                isCommitted ? TransactionResult.Committed : TransactionResult.RolledBack,
                WasAsked: true,
                key)
            : null;

    private async ValueTask<SendOutcome> Send(PublishMessage message, BrokerTopic topic, string group, string key, TimeSpan? checkAfter)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            foreach (MessageProperties.Property property in message.Properties)
            {
                if (!property.Name.SequenceEqual(PropertyNames.UniqueKey))
                {
                    properties.Write(property.Name, property.Value);
                }
            }

            properties.Write(PropertyNames.UniqueKey, key);
            properties.Write("TRAN_MSG"u8, "true"u8);
            properties.Write("PGROUP"u8, group);
            if (checkAfter is { } after)
            {
                properties.Write("CHECK_IMMUNITY_TIME_IN_SECONDS"u8, (long)Math.Ceiling(after.TotalSeconds));
            }

            return await Append(message, topic, properties.Written).ConfigureAwait(false);
        }
        finally
        {
            properties.Dispose();
        }
    }

    private ValueTask<SendOutcome> Append(in PublishMessage message, BrokerTopic topic, MessageProperties properties)
        => core.SendAsync(new SendRequest
        {
            Topic = topic,
            QueueId = -1,
            OrderingHash = message.OrderingHash,
            SystemFlag = MessageSysFlag.TransactionPrepared,
            MayBeHalf = true,
            BornTime = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            BornHost = message.BornHost ?? core.StoreHost,
            Properties = properties.Text.Span,
            Body = message.Body.Span,
        });

    /// <summary>The gateway as a producer of one group; it renews itself as clients do with heartbeats.</summary>
    private sealed class Membership : ProducerMember, IDisposable
    {
        private readonly EmbeddedTransactions _owner;
        private readonly Action<TransactionCheck> _asked;
        private readonly ITimer _renewal;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Membership(EmbeddedTransactions owner, string group, Action<TransactionCheck> asked)
        {
            _owner = owner;
            _asked = asked;
            Group = group;
            ClientId = $"{owner.ClientId}-{UniqueKeys.Next()}";
            Address = "gateway";
            TimeSpan period = owner.Core.Options.ClientExpiry / 3;
            if (!owner.Core.Producers.Renew(this))
            {
                throw new BridgeException(BridgeError.Busy, "The broker has as many producers as it may have.");
            }

            _renewal = owner.Clock.CreateTimer(static member => ((Membership)member!).Renew(), this, period, period);
        }

        public override object ConnectionKey => this;

        public override bool TryAsk(in TransactionQuestion question)
        {
            if (question.UniqueKey is not { } key || MessageRecord.TryRead(question.Record.Span, out MessageRecord record) != RecordError.None)
            {
                return false;
            }

            using var batch = new MessageBatch();
            _owner.Decoder.Add(record, Encoding.UTF8.GetString(record.Topic), question.QueueOffset, batch);
            BridgeMessage message = batch[0];
            _asked(new TransactionCheck(
                Write(key, question.QueueOffset, question.PhysicalOffset, Group),
                key,
                message with { Properties = new MessageProperties(message.Properties.Text.ToArray()), Body = message.Body.ToArray() }));
            return true;
        }

        public void Dispose()
        {
            _renewal.Dispose();
            _owner.Core.Producers.Remove(Group, ClientId);
        }

        private void Renew() => _owner.Core.Producers.Renew(this);
    }

    private IBrokerCore Core => core;

    private string ClientId => clientId;

    private RecordDecoder Decoder => decoder;

    private TimeProvider Clock => clock;
}
