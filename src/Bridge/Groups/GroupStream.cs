using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>One stream of a group in this gateway.</summary>
internal sealed class GroupStream : IMessageStream
{
    private readonly GroupConsumer _consumer;
    private readonly SubscribeRequest _request;

    public GroupStream(GroupConsumer consumer, SubscribeRequest request)
    {
        _consumer = consumer;
        _request = request;
        Selection = request.Topics;
        Lease = request.Lease;
        Start = request.Start;
        Subscriber = request.Subscriber;
        Arrival = new StreamSignal(consumer.Clock);
        Place = new LinkedListNode<GroupStream>(this);
    }

    public TimeSpan Lease { get; }

    /// <summary>Where a group without progress begins in the topics that the stream selects next.</summary>
    public GroupStart Start { get; private set; }

    public string Subscriber { get; }

    /// <summary>Set when messages came that it may want.</summary>
    public StreamSignal Arrival { get; }

    /// <summary>What it receives. Guarded by the group's gate.</summary>
    public TopicSelection Selection { get; set; }

    /// <summary>Its place among the streams that wait for messages, when it waits. Guarded by the group's gate.</summary>
    public LinkedListNode<GroupStream> Place { get; }

    public bool IsClosed { get; private set; }

    /// <summary>Whether it takes the filter of the others.</summary>
    public bool TakesAnyFilter => _request.AnyFilter;

    /// <summary>The filter it needs for a topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="inForce">What other streams of the group use; null when there is none.</param>
    public GroupFilter FilterOf(string topic, GroupFilter? inForce) => _request.AnyFilter && inForce is not null ? inForce : _request.FilterOf(topic);

    /// <summary>It is open: what appears later was not there when it began.</summary>
    public void Opened() => Start = GroupStart.Earliest;

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
