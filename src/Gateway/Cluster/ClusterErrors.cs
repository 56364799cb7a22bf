using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The one place where failures of the cluster become the bridge's errors.</summary>
internal static class ClusterErrors
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    public static BridgeException ToException(ProtoBridgeMqException failure) => new(
        ToError(failure),
        failure.Message,
        failure.MayHaveHappened,
        failure is ClientBusyException or ClusterUnreachableException || IsBusy(failure.ResponseCode) ? SoonAgain : null,
        failure);

    /// <summary>A receipt that promises less than the broker is configured for is not an acknowledgement.</summary>
    public static BridgeException NotDurable(SendStatus status) => new(
        BridgeError.Timeout,
        $"The broker stored the message and did not confirm in time that it is kept ({status}).",
        mayHaveHappened: true);

    /// <summary>Runs a call to the cluster and translates its failure.</summary>
    public static async ValueTask<T> TranslateAsync<T>(ValueTask<T> call)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ToException(failure);
        }
    }

    /// <summary>Runs a call to the cluster and translates its failure.</summary>
    public static async ValueTask TranslateAsync(ValueTask call)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ToException(failure);
        }
    }

    private static BridgeError ToError(ProtoBridgeMqException failure) => failure switch
    {
        ClusterUnreachableException => BridgeError.Unreachable,
        RequestTimeoutException => BridgeError.Timeout,
        ClientBusyException => BridgeError.Busy,
        TopicNotFoundException => BridgeError.TopicNotFound,
        InvalidMessageException => BridgeError.InvalidArgument,
        RequestRefusedException refused => ToError(refused.ResponseCode ?? ResponseCode.SystemError),
        _ => BridgeError.Internal,
    };

    private static BridgeError ToError(int code) => code switch
    {
        ResponseCode.TopicNotExist => BridgeError.TopicNotFound,
        ResponseCode.NoPermission => BridgeError.NotAuthorized,
        ResponseCode.MessageIllegal or ResponseCode.InvalidParameter => BridgeError.InvalidArgument,
        ResponseCode.SubscriptionGroupNotExist => BridgeError.GroupInvalid,
        ResponseCode.SubscriptionParseFailed => BridgeError.FilterInvalid,
        ResponseCode.ServiceNotAvailable => BridgeError.ReadOnly,
        ResponseCode.RequestCodeNotSupported => BridgeError.Unsupported,
        _ => IsBusy(code) ? BridgeError.Busy : BridgeError.Internal,
    };

    private static bool IsBusy(int? code) => code is ResponseCode.SystemBusy or ResponseCode.FlowControl or ResponseCode.PollingFull;
}
