using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>One stream of a group in this gateway.</summary>
internal sealed class GroupStream : IMessageStream
{
    private readonly GroupConsumer _consumer;

    public GroupStream(GroupConsumer consumer, SubscribeRequest request, TagExpression filter)
    {
        _consumer = consumer;
        Filter = filter;
        Selection = request.Topics;
        Lease = request.Lease;
        Start = request.Start;
        Subscriber = request.Subscriber;
        Arrival = new StreamSignal(consumer.Clock);
    }

    public TagExpression Filter { get; }

    public TimeSpan Lease { get; }

    public GroupStart Start { get; }

    public string Subscriber { get; }

    /// <summary>Set when messages came that it may want.</summary>
    public StreamSignal Arrival { get; }

    /// <summary>What it receives. Guarded by the group's gate.</summary>
    public TopicSelection Selection { get; set; }

    /// <summary>It waits for messages. Guarded by the group's gate.</summary>
    public bool IsHungry { get; set; }

    public bool IsClosed { get; private set; }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancellationToken.ThrowIfCancellationRequested();
        batch.Clear();
        long start = _consumer.Clock.GetTimestamp();
        int taken = 0;
        try
        {
            while ((taken = _consumer.Deliveries.Take(this, batch, max)) == 0)
            {
                TimeSpan left = wait;
                if (wait != Timeout.InfiniteTimeSpan)
                {
                    left -= _consumer.Clock.GetElapsedTime(start);
                    if (left <= TimeSpan.Zero)
                    {
                        return 0;
                    }
                }

                await Arrival.WaitAsync(left, cancellationToken).ConfigureAwait(false);
            }

            return taken;
        }
        finally
        {
            if (taken == 0)
            {
                _consumer.Deliveries.GiveUp(this);
            }
        }
    }

    public ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
        => _consumer.Deliveries.SettleAsync(delivery, settlement, cancellationToken);

    public ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        return topics.IsAll
            ? ValueTask.FromException(new BridgeException(BridgeError.InvalidArgument, "A group consumes named topics."))
            : _consumer.SelectAsync(this, topics, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        await _consumer.Deliveries.LeaveAsync(this).ConfigureAwait(false);
        Arrival.Dispose();
    }
}
