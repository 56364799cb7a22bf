using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The one place where the broker's outcomes become the bridge's errors.</summary>
internal static class BrokerErrors
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    public static BridgeException ToException(SendStatus status, string? remark, string subject)
    {
        string message = remark is null ? $"{Explain(status)} ({subject})." : $"{Explain(status)} ({subject}): {remark}.";
        return new BridgeException(
            ToError(status),
            message,
            mayHaveHappened: status == SendStatus.Unknown,
            retryAfter: status == SendStatus.Busy ? SoonAgain : null);
    }

    public static BridgeException ToException(ReadStatus status, string topic, int queueId)
        => status switch
        {
            ReadStatus.TopicNotFound => new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}."),
            ReadStatus.NoPermission => new BridgeException(BridgeError.NotAuthorized, $"Topic {topic} may not be read."),
            ReadStatus.QueueInvalid => new BridgeException(BridgeError.InvalidArgument, $"Topic {topic} has no queue {queueId}."),
            _ => new BridgeException(BridgeError.Internal, $"Reading queue {queueId} of topic {topic} answered {status}."),
        };

    private static BridgeError ToError(SendStatus status)
        => status switch
        {
            SendStatus.TopicNotFound => BridgeError.TopicNotFound,
            SendStatus.TopicInvalid => BridgeError.TopicInvalid,
            SendStatus.TopicLimit => BridgeError.Busy,
            SendStatus.NoPermission => BridgeError.NotAuthorized,
            SendStatus.QueueInvalid or SendStatus.RecallInvalid => BridgeError.InvalidArgument,
            SendStatus.BodyInvalid => BridgeError.MessageTooLarge,
            SendStatus.PropertiesInvalid => BridgeError.PropertiesInvalid,
            SendStatus.GroupInvalid or SendStatus.GroupNotFound => BridgeError.GroupInvalid,
            SendStatus.SubscriptionDiffers => BridgeError.FilterInvalid,
            SendStatus.MessageNotFound => BridgeError.DeliveryUnknown,
            SendStatus.Unsupported => BridgeError.Unsupported,
            SendStatus.Busy or SendStatus.TimerRefused => BridgeError.Busy,
            SendStatus.ReadOnly or SendStatus.Unknown => BridgeError.ReadOnly,
            _ => BridgeError.Internal,
        };

    private static string Explain(SendStatus status)
        => status switch
        {
            SendStatus.TopicNotFound => "The topic does not exist and is not created by using it",
            SendStatus.TopicInvalid => "The topic's name is not possible or is reserved",
            SendStatus.TopicLimit => "The broker has as many topics as it may have",
            SendStatus.NoPermission => "The topic may not be written",
            SendStatus.QueueInvalid => "The topic has no such queue",
            SendStatus.BodyInvalid => "The body is not possible",
            SendStatus.PropertiesInvalid => "The properties are not possible",
            SendStatus.GroupInvalid => "The group's name is not possible",
            SendStatus.GroupNotFound => "The group does not exist and is not created by using it",
            SendStatus.SubscriptionDiffers => "The members of the group want something else of a topic",
            SendStatus.RecallInvalid => "The message cannot be waiting any more",
            SendStatus.TimerRefused => "The message cannot wait for its time",
            SendStatus.MessageNotFound => "The message is not in the log any more",
            SendStatus.Unsupported => "The broker cannot do this",
            SendStatus.Busy => "The broker is at a limit; try again",
            SendStatus.ReadOnly => "The broker takes no messages now",
            SendStatus.Unknown => "Whether the message was kept is unknown",
            _ => "The broker refused",
        };
}
