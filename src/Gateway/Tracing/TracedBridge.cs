using System.Diagnostics;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Tracing;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>
/// A bridge whose publishes and group deliveries are activities. It is there only where traces go somewhere, so that nothing is
/// paid for it elsewhere.
/// </summary>
internal sealed class TracedBridge(IMessageBridge inner) : ForwardingBridge(inner)
{
    /// <summary>Room that a context takes in the properties: two names, a parent, the longest state, four separators.</summary>
    private const int ContextSize = 11 + 10 + 55 + 512 + 4;

    public override ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
        => MessageActivities.IsActive && message.Properties.Text.Length + ContextSize <= Inner.Capabilities.MaxPropertiesSize
            ? PublishTracedAsync(message, cancellationToken)
            : Inner.PublishAsync(message, cancellationToken);

    public override async ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        IMessageStream stream = await Inner.SubscribeAsync(request, cancellationToken).ConfigureAwait(false);
        // What a tail reads goes to many: the front that hands it on makes the activities.
        return request.Kind == StreamKind.Group ? new TracedStream(stream, request) : stream;
    }

    /// <summary>Begins with no wait before the inner publish, so that the order of publishes stays.</summary>
    private async ValueTask<PublishReceipt> PublishTracedAsync(PublishMessage message, CancellationToken cancellationToken)
    {
        MessageActivities.TryRead(message.Properties, out ActivityContext carried);
        using Activity? activity = MessageActivities.Publish(message.Topic, message.Body.Length, carried);
        if (activity?.Id is null)
        {
            return await Inner.PublishAsync(message, cancellationToken).ConfigureAwait(false);
        }

        PropertyTextWriter properties = With(message.Properties, activity);
        try
        {
            PublishReceipt receipt = await Inner.PublishAsync(message with { Properties = properties.Written }, cancellationToken).ConfigureAwait(false);
            MessageActivities.Published(activity, receipt);
            return receipt;
        }
        catch (BridgeException failure)
        {
            MessageActivities.Fail(activity, failure);
            throw;
        }
        finally
        {
            properties.Dispose();
        }
    }

    private static PropertyTextWriter With(in MessageProperties properties, Activity activity)
    {
        var writer = default(PropertyTextWriter);
        foreach (MessageProperties.Property property in properties)
        {
            if (!MessageActivities.IsContext(property.Name))
            {
                writer.Write(property.Name, property.Value);
            }
        }

        writer.Write(MessageActivities.TraceParent, activity.Id);
        if (activity.TraceStateString is { Length: > 0 } state)
        {
            writer.Write(MessageActivities.TraceState, state);
        }

        return writer;
    }
}
