using System.Diagnostics;

namespace ProtoBridgeMQ.Client.Diagnostics;

/// <summary>
/// Activities by OpenTelemetry's conventions for messaging; source <c>ProtoBridgeMQ.Client</c>. The context goes with the message in the
/// properties <c>traceparent</c> and <c>tracestate</c>.
/// </summary>
internal static class ClientActivities
{
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";

    private static readonly ActivitySource Source = new("ProtoBridgeMQ.Client");

    /// <summary>Whether an activity would be made, or there is one whose context messages should carry.</summary>
    public static bool IsActive => Source.HasListeners();

    public static Activity? Send(Message message, string clientId, string group)
    {
        Activity? activity = Start("send", message.Topic, ActivityKind.Producer, default, clientId);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.operation.type", "send");
            activity.SetTag("messaging.message.body.size", message.Body.Length);
            activity.SetTag("messaging.rocketmq.client_group", group);
            activity.SetTag("messaging.rocketmq.message.tag", message.Tag);
            activity.SetTag("messaging.rocketmq.message.keys", message.Keys?.Split(' '));
            activity.SetTag("messaging.rocketmq.message.delay_time_level", message.DelayLevel == 0 ? null : message.DelayLevel);
        }

        return activity;
    }

    public static Activity? SendBatch(string topic, int count, string clientId, string group)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? activity = Start("send", topic, ActivityKind.Producer, default, clientId);
        activity?.SetTag("messaging.operation.type", "send");
        activity?.SetTag("messaging.batch.message_count", count);
        activity?.SetTag("messaging.rocketmq.client_group", group);
        return activity;
    }

    public static void Sent(Activity? activity, in SendReceipt receipt)
    {
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.message.id", receipt.MessageId);
            activity.SetTag("messaging.destination.partition.id", receipt.Queue.ToString());
        }
    }

    /// <summary>The handling of a message, under the context that came with it.</summary>
    public static Activity? Process(ReceivedMessage message, string clientId, string group)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        IReadOnlyDictionary<string, string> properties = message.Properties;
        ActivityContext.TryParse(properties.GetValueOrDefault(TraceParent), properties.GetValueOrDefault(TraceState), isRemote: true, out ActivityContext parent);
        Activity? activity = Start("process", message.Topic, ActivityKind.Consumer, parent, clientId);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.operation.type", "process");
            activity.SetTag("messaging.consumer.group.name", group);
            activity.SetTag("messaging.message.id", message.MessageId);
            activity.SetTag("messaging.message.body.size", message.Body.Length);
            activity.SetTag("messaging.destination.partition.id", message.Queue.ToString());
            activity.SetTag("messaging.rocketmq.message.tag", message.Tag);
            activity.SetTag("messaging.rocketmq.message.keys", message.Keys?.Split(' '));
        }

        return activity;
    }

    public static void Fail(Activity? activity, Exception error)
    {
        activity?.SetTag("error.type", error.GetType().FullName);
        activity?.SetStatus(ActivityStatusCode.Error, error.Message);
    }

    private static Activity? Start(string operation, string topic, ActivityKind kind, ActivityContext parent, string clientId)
    {
        Activity? activity = Source.HasListeners() ? Source.StartActivity($"{operation} {topic}", kind, parent) : null;
        activity?.SetTag("messaging.system", "rocketmq");
        activity?.SetTag("messaging.operation.name", operation);
        activity?.SetTag("messaging.destination.name", topic);
        activity?.SetTag("messaging.client.id", clientId);
        return activity;
    }
}
