using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>The one place where outcomes of the broker core become response codes and remarks of the wire.</summary>
public static class ResponseCodes
{
    /// <summary>The code of a send's outcome.</summary>
    public static int Of(SendStatus status) => status switch
    {
        SendStatus.Ok => ResponseCode.Success,
        SendStatus.TopicNotFound or SendStatus.TopicLimit => ResponseCode.TopicNotExist,
        SendStatus.TopicInvalid or SendStatus.QueueInvalid => ResponseCode.InvalidParameter,
        SendStatus.NoPermission or SendStatus.Unsupported => ResponseCode.NoPermission,
        SendStatus.BodyInvalid or SendStatus.PropertiesInvalid => ResponseCode.MessageIllegal,
        SendStatus.GroupInvalid or SendStatus.GroupNotFound => ResponseCode.SubscriptionGroupNotExist,
        SendStatus.Busy => ResponseCode.SystemBusy,
        SendStatus.SubscriptionDiffers => ResponseCode.InvalidParameter,
        SendStatus.TimerRefused => ResponseCode.SystemError,
        SendStatus.ReadOnly => ResponseCode.ServiceNotAvailable,
        _ => ResponseCode.SystemError,
    };

    /// <summary>The code of a read's outcome.</summary>
    public static int Of(ReadStatus status) => status switch
    {
        ReadStatus.Found => ResponseCode.Success,
        ReadStatus.NoNewMessage => ResponseCode.PullNotFound,
        ReadStatus.NoMatchedMessage => ResponseCode.PullRetryImmediately,
        ReadStatus.OffsetTooSmall or ReadStatus.OffsetTooLarge or ReadStatus.QueueEmpty => ResponseCode.PullOffsetMoved,
        ReadStatus.TopicNotFound => ResponseCode.TopicNotExist,
        ReadStatus.NoPermission => ResponseCode.NoPermission,
        _ => ResponseCode.InvalidParameter,
    };

    /// <summary>The code of a query's outcome.</summary>
    public static int Of(QueryStatus status) => status switch
    {
        QueryStatus.Found => ResponseCode.Success,
        QueryStatus.Busy => ResponseCode.SystemBusy,
        _ => ResponseCode.QueryNotFound,
    };

    /// <summary>The code of a refused filter; what cannot be read is told as RocketMQ does, with the reason behind.</summary>
    public static (int Code, string Remark) Of(FilterRefusal refusal) => refusal.Kind == FilterRefusalKind.NotSupported
        ? (ResponseCode.SystemError, refusal.Reason)
        : (ResponseCode.SubscriptionParseFailed, $"parse the consumer's subscription failed: {refusal.Reason}");

    /// <summary>The remark of a query's outcome; RocketMQ's words where it has any.</summary>
    public static string? RemarkOf(QueryStatus status) => status switch
    {
        QueryStatus.Found => null,
        QueryStatus.Busy => "broker busy: as many queries by key as may be are under way",
        QueryStatus.Disabled => "can not find message: the broker keeps no key index",
        _ => "can not find message, maybe time range not correct",
    };

    /// <summary>The remark of a read's outcome: RocketMQ's name of it.</summary>
    public static string RemarkOf(in ReadOutcome outcome) => outcome.Status switch
    {
        ReadStatus.Found => "FOUND",
        ReadStatus.NoNewMessage => outcome.MaxOffset == 0 ? "NO_MESSAGE_IN_QUEUE" : "OFFSET_OVERFLOW_ONE",
        ReadStatus.NoMatchedMessage => "NO_MATCHED_MESSAGE",
        ReadStatus.OffsetTooSmall => outcome.Missed == 0
            ? "OFFSET_TOO_SMALL"
            : $"OFFSET_TOO_SMALL, {outcome.Missed} messages before offset {outcome.MinOffset} were deleted",
        ReadStatus.OffsetTooLarge => "OFFSET_OVERFLOW_BADLY",
        _ => "NO_MESSAGE_IN_QUEUE",
    };
}
