using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>One stream of a group.</summary>
public sealed class FakeGroupStream : FakeStream
{
    private readonly FakeGroup _group;

    internal FakeGroupStream(FakeLog log, SubscribeRequest request, TimeProvider clock)
        : base(log, request, clock)
    {
        _group = log.Group(request.Group!, clock);
        _group.Join(this, request.Topics, request.Start);
    }

    internal GroupFilter FilterOf(string topic, GroupFilter? inForce = null) => Request.AnyFilter && inForce is not null ? inForce : Request.FilterOf(topic);

    /// <inheritdoc/>
    public override ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
    {
        lock (Log.Gate)
        {
            _group.Settle(delivery, settlement);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default)
    {
        lock (Log.Gate)
        {
            _group.Join(this, topics, GroupStart.Earliest);
            Selection = topics;
        }

        return ValueTask.CompletedTask;
    }

    private protected override int Take(MessageBatch batch, int max) => _group.Take(this, batch, max);

    private protected override void Leave() => _group.Leave(this);
}
