using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>A bridge whose publishes and group deliveries are written to RocketMQ's message trace. It is there only where that is on.</summary>
internal sealed class MessageTraceBridge(IMessageBridge inner, MessageTraceOptions options, TimeProvider clock, ILogger<MessageTraceBridge> log) : IMessageBridge
{
    private readonly MessageTraceLog _lines = new(inner, options, log);

    public BridgeCapabilities Capabilities => inner.Capabilities;

    public BridgeStatus Status => inner.Status;

    public ITopicDirectory Topics => inner.Topics;

    public IFilterQueues? FilterQueues => inner.FilterQueues;

    public IMessageReader Reader => inner.Reader;

    public IRequests? Requests => inner.Requests;

    public ITransactions? Transactions => inner.Transactions;

    public IRetainedMessages Retained => inner.Retained;

    public IStateStore State => inner.State;

    public IAdministration? Administration => inner.Administration;

    /// <summary>Begins with no wait before the inner publish, so that the order of publishes stays.</summary>
    public async ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
    {
        long began = clock.GetTimestamp();
        long time = clock.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            PublishReceipt receipt = await inner.PublishAsync(message, cancellationToken).ConfigureAwait(false);
            Published(message, receipt.MessageId, time, began);
            return receipt;
        }
        catch (BridgeException)
        {
            Published(message, null, time, began);
            throw;
        }
    }

    public async ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        IMessageStream stream = await inner.SubscribeAsync(request, cancellationToken).ConfigureAwait(false);
        return request is { Kind: StreamKind.Group, Group: { } group } && !request.Topics.Names.Contains(options.Topic)
            ? new MessageTraceStream(stream, _lines, group, options.MaxOpen, clock)
            : stream;
    }

    public ValueTask RecallAsync(string topic, string handle, CancellationToken cancellationToken = default) => inner.RecallAsync(topic, handle, cancellationToken);

    public ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default) => inner.LookBackAsync(look, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync().ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
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
