using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.RequestReply;
using ProtoBridgeMQ.Broker.Transactions;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Requests to the broker in this process. The gateway is a producer there, so that RocketMQ's clients can reply to it, and it finds the
/// clients that wait among the producers.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class EmbeddedRequests : IRequests, IDisposable
{
    private const string Group = "PROTOBRIDGE_GATEWAY_REQUESTS";

    private readonly IBrokerCore _core;
    private readonly Func<PublishMessage, CancellationToken, ValueTask<PublishReceipt>> _publish;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Reply>> _waiting = new(StringComparer.Ordinal);
    private readonly Member _member;
    private readonly ITimer _renewal;
    private volatile bool _isUsed;

    public EmbeddedRequests(IBrokerCore core, string clientId, Func<PublishMessage, CancellationToken, ValueTask<PublishReceipt>> publish, TimeProvider clock)
    {
        _core = core;
        _publish = publish;
        _clock = clock;
        _member = new Member(this) { Group = Group, ClientId = $"{clientId}-{UniqueKeys.Next()}", Address = "gateway" };
        TimeSpan period = core.Options.ClientExpiry / 3;
        _renewal = clock.CreateTimer(static requests => ((EmbeddedRequests)requests!).Renew(), this, period, period);
    }

    public async ValueTask<Reply> RequestAsync(PublishMessage message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        string correlation = UniqueKeys.Next();
        var reply = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[correlation] = reply;
        var properties = default(PropertyTextWriter);
        try
        {
            // The broker hands replies on to producers that it heard of.
            _isUsed = true;
            Renew();
            properties.WriteAll(message.Properties);
            properties.Write(PropertyNames.CorrelationId, correlation);
            properties.Write(PropertyNames.ReplyToClient, _member.ClientId);
            properties.Write(PropertyNames.TimeToLive, (long)timeout.TotalMilliseconds);
            properties.Write(PropertyNames.Cluster, _core.Options.Cluster);
            PublishReceipt receipt = await _publish(message with { Properties = properties.Written }, CancellationToken.None).ConfigureAwait(false);
            try
            {
                return await reply.Task.WaitAsync(timeout, _clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new BridgeException(BridgeError.Timeout, $"The request {receipt.MessageId} is stored, and no reply came within {timeout.TotalSeconds} s.", mayHaveHappened: true);
            }
        }
        finally
        {
            properties.Dispose();
            _waiting.TryRemove(correlation, out _);
        }
    }

    public async ValueTask ReplyAsync(ReplyAddress to, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        ProducerMember who = _core.Producers.FindClient(to.Client) ?? throw Gone(to);
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        var properties = default(PropertyTextWriter);
        try
        {
            properties.Write("PUSH_REPLY_TIME"u8, now);
            properties.Write(PropertyNames.MessageType, "reply"u8);
            properties.Write(PropertyNames.CorrelationId, to.CorrelationId);
            properties.Write(PropertyNames.ReplyToClient, to.Client);
            properties.Write(PropertyNames.TimeToLive, to.TimeToLive);
            properties.Write(PropertyNames.Cluster, _core.Options.Cluster);
            var reply = new BrokerReply($"{_core.Options.Cluster}_REPLY_TOPIC", properties.Written.Text.ToArray(), body, _core.StoreHost, now)
            {
                Broker = _core.StoreHost,
                Timeout = _core.Options.ReplyTimeout,
            };
            if (!await who.TryReplyAsync(reply).ConfigureAwait(false))
            {
                throw Gone(to);
            }
        }
        finally
        {
            properties.Dispose();
        }
    }

    public void Dispose()
    {
        _renewal.Dispose();
        _core.Producers.Remove(Group, _member.ClientId);
    }

    private static BridgeException Gone(ReplyAddress to)
        => new(BridgeError.DeliveryUnknown, string.Create(CultureInfo.InvariantCulture, $"Who asked ({to.Client}) is gone, or waits for this reply no more."));

    private void Renew()
    {
        if (_isUsed)
        {
            _core.Producers.Renew(_member);
        }
    }

    private sealed class Member(EmbeddedRequests owner) : ProducerMember
    {
        public override object ConnectionKey => this;

        public override bool TryAsk(in TransactionQuestion question) => false;

        public override ValueTask<bool> TryReplyAsync(BrokerReply reply)
        {
            var properties = new MessageProperties(reply.Properties.ToArray());
            return new ValueTask<bool>(
                properties.GetString(PropertyNames.CorrelationId) is { } correlation
                && owner._waiting.TryRemove(correlation, out TaskCompletionSource<Reply>? waiting)
                && waiting.TrySetResult(new Reply(properties, reply.Body.ToArray())));
        }
    }
}
