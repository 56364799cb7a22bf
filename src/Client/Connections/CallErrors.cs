using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>The one place where errors of the transport and answers become exceptions of this library.</summary>
internal static class CallErrors
{
    /// <summary>What went wrong underneath, said to users.</summary>
    /// <param name="error">What was caught.</param>
    /// <param name="what">The request, as the subject of the sentence: "Sending to topic a".</param>
    /// <param name="address">Who was asked.</param>
    /// <param name="sent">Whether the request had left for sure when the error came: reading its answer failed.</param>
    public static ProtoBridgeMqException Translate(RemotingException error, string what, string address, bool sent = false) => error switch
    {
        RemotingConnectionException lost => new ClusterUnreachableException(
            $"{what} failed: no connection to {address} ({lost.Message}). Check that it runs and that the address can be reached from here, or set AddressMap.",
            lost.MaybeSent,
            address,
            lost),
        RemotingTimeoutException late => new RequestTimeoutException(
            $"{what} failed: {address} did not answer in time. Look at what it does; when it is only slow, allow more (RequestTimeout, SendTimeout).", true, address, late),
        RemotingOverloadException full => new ClientBusyException(
            $"{what} failed: too many requests wait for {address} already. Send less at once, or raise MaxPendingRequests.", address, full),
        _ => new BadAnswerException(
            $"{what} failed: the answer of {address} cannot be understood ({error.Message}). Check that a RocketMQ name server or broker listens there.", address, sent, error),
    };

    /// <summary>An answer with an error code.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="what">The request, as the subject of the sentence.</param>
    /// <param name="address">Who answered.</param>
    /// <param name="advice">What to do about this code: a sentence.</param>
    public static ProtoBridgeMqException Refused(RemotingResponse response, string what, string address, string? advice = null)
    {
        int code = response.Code;
        string remark = response.Remark?.Trim() ?? "no reason given";
        string end = advice is null ? string.Empty : $"{(remark.EndsWith('.') ? string.Empty : ".")} {advice}";
        return new RequestRefusedException($"{what} was refused by {address} with {Name(code)}: {remark}{end}", code, address, MayHaveHappened(code));
    }

    /// <summary>The same failure of a request that changes nothing.</summary>
    public static ProtoBridgeMqException WithoutEffect(ProtoBridgeMqException error) => error switch
    {
        RequestTimeoutException => new RequestTimeoutException(error.Message, false, error.Address, error),
        RequestRefusedException { ResponseCode: { } code } => new RequestRefusedException(error.Message, code, error.Address, false, error),
        BadAnswerException => new BadAnswerException(error.Message, error.Address, false, error),
        _ => new ClusterUnreachableException(error.Message, false, error.Address, error),
    };

    /// <summary>Brokers answer these after they may have stored the message.</summary>
    private static bool MayHaveHappened(int code) => code is ResponseCode.SystemError or ResponseCode.FlushDiskTimeout or ResponseCode.FlushSlaveTimeout;

    private static string Name(int code) => code switch
    {
        ResponseCode.SystemError => "SYSTEM_ERROR (1)",
        ResponseCode.SystemBusy => "SYSTEM_BUSY (2)",
        ResponseCode.RequestCodeNotSupported => "REQUEST_CODE_NOT_SUPPORTED (3)",
        ResponseCode.MessageIllegal => "MESSAGE_ILLEGAL (13)",
        ResponseCode.ServiceNotAvailable => "SERVICE_NOT_AVAILABLE (14)",
        ResponseCode.NoPermission => "NO_PERMISSION (16)",
        ResponseCode.TopicNotExist => "TOPIC_NOT_EXIST (17)",
        ResponseCode.SubscriptionParseFailed => "SUBSCRIPTION_PARSE_FAILED (23)",
        ResponseCode.SubscriptionNotExist => "SUBSCRIPTION_NOT_EXIST (24)",
        ResponseCode.SubscriptionNotLatest => "SUBSCRIPTION_NOT_LATEST (25)",
        ResponseCode.SubscriptionGroupNotExist => "SUBSCRIPTION_GROUP_NOT_EXIST (26)",
        ResponseCode.InvalidParameter => "INVALID_PARAMETER (29)",
        ResponseCode.FlowControl => "FLOW_CONTROL (215)",
        _ => $"response code {code}",
    };
}
