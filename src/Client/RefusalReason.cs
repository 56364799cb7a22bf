using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client;

/// <summary>Why a broker or name server refused, as far as a program would act on it.</summary>
public enum RefusalReason
{
    /// <summary>Something else; the response code and the message have it.</summary>
    Other,

    /// <summary>The topic does not exist there.</summary>
    TopicNotFound,

    /// <summary>The topic or broker may not be written, or not be read.</summary>
    NotPermitted,

    /// <summary>The request or the message is not possible.</summary>
    InvalidRequest,

    /// <summary>The group does not exist and is not created by using it.</summary>
    GroupNotFound,

    /// <summary>The filter expression does not parse.</summary>
    FilterInvalid,

    /// <summary>The broker takes no messages now: disk full, shutting down, a replica.</summary>
    NotWritable,

    /// <summary>The broker cannot do this at all.</summary>
    Unsupported,

    /// <summary>The broker is at a limit; the same may go through later.</summary>
    Busy,
}

/// <summary>From RocketMQ's numbers to reasons.</summary>
internal static class RefusalReasons
{
    public static RefusalReason Of(int responseCode) => responseCode switch
    {
        ResponseCode.TopicNotExist => RefusalReason.TopicNotFound,
        ResponseCode.NoPermission => RefusalReason.NotPermitted,
        ResponseCode.MessageIllegal or ResponseCode.InvalidParameter => RefusalReason.InvalidRequest,
        ResponseCode.SubscriptionGroupNotExist => RefusalReason.GroupNotFound,
        ResponseCode.SubscriptionParseFailed => RefusalReason.FilterInvalid,
        ResponseCode.ServiceNotAvailable => RefusalReason.NotWritable,
        ResponseCode.RequestCodeNotSupported => RefusalReason.Unsupported,
        ResponseCode.SystemBusy or ResponseCode.FlowControl or ResponseCode.PollingFull => RefusalReason.Busy,
        _ => RefusalReason.Other,
    };
}
