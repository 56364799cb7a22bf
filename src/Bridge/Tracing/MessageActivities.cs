using System.Diagnostics;
using System.Text;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Tracing;

/// <summary>
/// Activities of messages by OpenTelemetry's conventions: a trace goes with the message, as W3C context in the properties
/// <c>traceparent</c> and <c>tracestate</c>, whichever protocols it crosses. Nothing is read or made while nobody listens.
/// </summary>
/// <remarks>Thread safe.</remarks>
public static class MessageActivities
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "ProtoBridgeMQ.Gateway";

    /// <summary>Longest state that is carried on, as the W3C asks for at least.</summary>
    private const int MaxState = 512;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether somebody listens.</summary>
    public static bool IsActive => Source.HasListeners();

    /// <summary>The property with the context.</summary>
    public static ReadOnlySpan<byte> TraceParent => "traceparent"u8;

    /// <summary>The property with what vendors add to it.</summary>
    public static ReadOnlySpan<byte> TraceState => "tracestate"u8;

    /// <summary>Whether a property is of the context: what a message says of the trace that it is in, not of itself.</summary>
    public static bool IsContext(ReadOnlySpan<byte> name) => name.SequenceEqual(TraceParent) || name.SequenceEqual(TraceState);

    /// <summary>Reads the context of a message; what is no context is none.</summary>
    public static bool TryRead(in MessageProperties properties, out ActivityContext context)
    {
        context = default;
        return properties.TryGet(TraceParent, out ReadOnlySpan<byte> parent)
            && parent.Length is >= 55 and <= 128
            && ActivityContext.TryParse(Encoding.UTF8.GetString(parent), State(properties), isRemote: true, out context);
    }

    /// <summary>The append of a message; null when it is not sampled. It becomes the current one.</summary>
    /// <param name="topic">The RocketMQ topic.</param>
    /// <param name="bodySize">Bytes.</param>
    /// <param name="carried">The context that came with the message, or default.</param>
    public static Activity? Publish(string topic, int bodySize, ActivityContext carried)
    {
        // The request that carries the message is the nearer parent, if both are of one trace.
        Activity? request = Activity.Current;
        ActivityContext parent = carried == default || request?.TraceId == carried.TraceId ? request?.Context ?? default : carried;
        Activity? activity = Source.StartActivity("publish " + topic, ActivityKind.Producer, parent);
        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, "publish", "send", topic);
            activity.SetTag("messaging.message.body.size", bodySize);
        }

        return activity;
    }

    /// <summary>A message is stored as durably as configured.</summary>
    public static void Published(Activity activity, in PublishReceipt receipt)
    {
        ArgumentNullException.ThrowIfNull(activity);
        activity.SetTag("messaging.message.id", receipt.MessageId.ToString());
        activity.SetTag("messaging.destination.partition.id", receipt.QueueId);
        activity.SetTag("messaging.rocketmq.message.offset", receipt.QueueOffset);
    }

    /// <summary>A delivery, from its hand-over to its acknowledgement; null when it is not sampled. It does not become the current one.</summary>
    /// <param name="destination">What the receiver calls it: a topic, or an MQTT name.</param>
    /// <param name="context">That of the message.</param>
    /// <param name="protocol">The receiver's, or null.</param>
    /// <param name="group">The receiver's, or null.</param>
    /// <param name="client">The receiver.</param>
    public static Activity? Deliver(string destination, ActivityContext context, string? protocol, string? group, string? client)
    {
        Activity? before = Activity.Current;
        Activity? activity = Source.StartActivity("deliver " + destination, ActivityKind.Consumer, context);
        Activity.Current = before;
        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, "deliver", "receive", destination);
            activity.SetTag("network.protocol.name", protocol);
            activity.SetTag("messaging.consumer.group.name", group);
            activity.SetTag("messaging.client.id", client);
        }

        return activity;
    }

    /// <summary>The receiver said what became of a delivery: ends it, with an activity for that beneath.</summary>
    public static void Settled(Activity delivery, string outcome)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        Activity? before = Activity.Current;
        using (Activity? settled = Source.StartActivity("ack " + delivery.GetTagItem("messaging.destination.name"), ActivityKind.Internal, delivery.Context))
        {
            settled?.SetTag("messaging.operation.name", "ack");
            settled?.SetTag("messaging.operation.type", "settle");
            settled?.SetTag("protobridge.outcome", outcome);
        }

        delivery.SetTag("protobridge.outcome", outcome);
        delivery.Stop();
        Activity.Current = before;
    }

    /// <summary>Ends a delivery that nobody settled.</summary>
    public static void Abandon(Activity delivery, string why)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        Activity? before = Activity.Current;
        delivery.SetTag("protobridge.outcome", why);
        delivery.Stop();
        Activity.Current = before;
    }

    /// <summary>It failed.</summary>
    public static void Fail(Activity activity, BridgeException failure)
    {
        ArgumentNullException.ThrowIfNull(activity);
        ArgumentNullException.ThrowIfNull(failure);
        activity.SetTag("error.type", failure.Error.ToString());
        activity.SetStatus(ActivityStatusCode.Error, failure.Message);
    }

    private static void Describe(Activity activity, string name, string type, string destination)
    {
        activity.SetTag("messaging.system", "rocketmq");
        activity.SetTag("messaging.operation.name", name);
        activity.SetTag("messaging.operation.type", type);
        activity.SetTag("messaging.destination.name", destination);
    }

    private static string? State(in MessageProperties properties)
        => properties.TryGet(TraceState, out ReadOnlySpan<byte> state) && state.Length <= MaxState ? Encoding.UTF8.GetString(state) : null;
}
