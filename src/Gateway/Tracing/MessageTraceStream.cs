using System.Globalization;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>A group's stream whose deliveries, and what became of them, are written to the message trace.</summary>
internal sealed class MessageTraceStream(IMessageStream inner, MessageTraceLog lines, string group, int maxOpen, TimeProvider clock) : IMessageStream
{
    private readonly Dictionary<DeliveryId, (TracedMessage Message, long Since)> _open = [];
    private readonly Lock _gate = new();

    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int count = await inner.ReceiveAsync(batch, max, wait, cancellationToken).ConfigureAwait(false);
        long time = clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (int i = 0; i < count; i++)
        {
            BridgeMessage message = batch[i];
            var traced = TracedMessage.Of(message.Properties, message.MessageId);
            lines.Add(MessageTraceText.Delivered(time, group, Request(message.Delivery), traced, message.Attempt), traced);
            lock (_gate)
            {
                if (_open.Count >= maxOpen)
                {
                    // Nobody settled so many: what was left behind is forgotten.
                    _open.Clear();
                }

                _open[message.Delivery] = (traced, clock.GetTimestamp());
            }
        }

        return count;
    }

    public async ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
    {
        await inner.SettleAsync(delivery, settlement, cancellationToken).ConfigureAwait(false);
        if (settlement.Outcome == Outcome.Extend)
        {
            return;
        }

        (TracedMessage Message, long Since) open;
        lock (_gate)
        {
            if (!_open.Remove(delivery, out open))
            {
                return;
            }
        }

        lines.Add(
            MessageTraceText.Settled(
                clock.GetUtcNow().ToUnixTimeMilliseconds(), group, Request(delivery), open.Message, clock.GetElapsedTime(open.Since), settlement.Outcome == Outcome.Accept),
            open.Message);
    }

    public ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default) => inner.SelectAsync(topics, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static string Request(DeliveryId delivery) => "gateway-" + delivery.Value.ToString(CultureInfo.InvariantCulture);
}
