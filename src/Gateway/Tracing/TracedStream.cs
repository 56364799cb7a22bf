using System.Diagnostics;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Tracing;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>A group's stream whose deliveries are activities, from the receive to what became of them.</summary>
internal sealed class TracedStream(IMessageStream inner, SubscribeRequest request) : IMessageStream
{
    /// <summary>Open activities; further deliveries have none.</summary>
    private const int MaxOpen = 10_000;

    private readonly Dictionary<DeliveryId, Activity> _open = [];
    private readonly Queue<(DeliveryId Delivery, long Since)> _order = new();
    private readonly Lock _gate = new();

    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int count = await inner.ReceiveAsync(batch, max, wait, cancellationToken).ConfigureAwait(false);
        ForgetOld();
        for (int i = 0; i < count; i++)
        {
            Begin(batch[i]);
        }

        return count;
    }

    public async ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
    {
        await inner.SettleAsync(delivery, settlement, cancellationToken).ConfigureAwait(false);
        if (settlement.Outcome != Outcome.Extend && Take(delivery) is { } activity)
        {
            MessageActivities.Settled(activity, Name(settlement.Outcome));
        }
    }

    public ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default) => inner.SelectAsync(topics, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            foreach (Activity activity in _open.Values)
            {
                MessageActivities.Abandon(activity, "left");
            }

            _open.Clear();
            _order.Clear();
        }
    }

    private static string Name(Outcome outcome) => outcome switch
    {
        Outcome.Accept => "accept",
        Outcome.Release => "release",
        _ => "dead-letter",
    };

    private void Begin(in BridgeMessage message)
    {
        if (!MessageActivities.TryRead(message.Properties, out ActivityContext context)
            || MessageActivities.Deliver(message.Topic, context, null, request.Group, request.Subscriber) is not { } activity)
        {
            return;
        }

        activity.SetTag("messaging.message.id", message.MessageId.ToString());
        activity.SetTag("messaging.rocketmq.message.attempt", message.Attempt);
        lock (_gate)
        {
            if (_open.Count < MaxOpen && _open.TryAdd(message.Delivery, activity))
            {
                _order.Enqueue((message.Delivery, Stopwatch.GetTimestamp()));
                return;
            }
        }

        MessageActivities.Abandon(activity, "untracked");
    }

    private Activity? Take(DeliveryId delivery)
    {
        lock (_gate)
        {
            return _open.Remove(delivery, out Activity? activity) ? activity : null;
        }
    }

    /// <summary>Those whose lease has long run out: they come again, as other deliveries.</summary>
    private void ForgetOld()
    {
        while (true)
        {
            Activity? activity;
            lock (_gate)
            {
                if (!_order.TryPeek(out (DeliveryId Delivery, long Since) oldest)
                    || (_open.ContainsKey(oldest.Delivery) && Stopwatch.GetElapsedTime(oldest.Since) < SubscribeRequest.MaxLease))
                {
                    return;
                }

                _order.Dequeue();
                _open.Remove(oldest.Delivery, out activity);
            }

            if (activity is not null)
            {
                MessageActivities.Abandon(activity, "lease ran out");
            }
        }
    }
}
