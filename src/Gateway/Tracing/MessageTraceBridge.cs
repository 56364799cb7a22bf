using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>A bridge whose publishes and group deliveries are written to RocketMQ's message trace. It is there only where that is on.</summary>
internal sealed class MessageTraceBridge(IMessageBridge inner, MessageTraceOptions options, TimeProvider clock, ILogger<MessageTraceBridge> log) : ForwardingBridge(inner)
{
    private readonly MessageTraceLog _lines = new(inner, options, log);

    /// <summary>Begins with no wait before the inner publish, so that the order of publishes stays.</summary>
    public override async ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
    {
        long began = clock.GetTimestamp();
        long time = clock.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            PublishReceipt receipt = await Inner.PublishAsync(message, cancellationToken).ConfigureAwait(false);
            Published(message, receipt.MessageId, time, began);
            return receipt;
        }
        catch (BridgeException)
        {
            Published(message, null, time, began);
            throw;
        }
    }

    public override async ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        IMessageStream stream = await Inner.SubscribeAsync(request, cancellationToken).ConfigureAwait(false);
        return request is { Kind: StreamKind.Group, Group: { } group } && !request.Topics.Names.Contains(options.Topic)
            ? new MessageTraceStream(stream, _lines, group, options.MaxOpen, clock)
            : stream;
    }

    public override async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private void Published(in PublishMessage message, MessageId? stored, long time, long began)
    {
        if (message.Topic == options.Topic)
        {
            return;
        }

        var traced = TracedMessage.Of(message.Properties, stored);
        _lines.Add(
            MessageTraceText.Published(
                time, options.ProducerGroup, message.Topic, traced, message.Body.Length, clock.GetElapsedTime(began), message.Delay > TimeSpan.Zero, stored is not null),
            traced);
    }
}
