using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The one place where failures of the cluster become the bridge's errors.</summary>
internal static class ClusterErrors
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    public static BridgeException ToException(ProtoBridgeMqException failure) => new(
        ToError(failure),
        failure.Message,
        failure.MayHaveHappened,
        failure is ClientBusyException or ClusterUnreachableException or RequestRefusedException { Reason: RefusalReason.Busy } ? SoonAgain : null,
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
        RequestRefusedException refused => ToError(refused.Reason),
        _ => BridgeError.Internal,
    };

    private static BridgeError ToError(RefusalReason reason) => reason switch
    {
        RefusalReason.TopicNotFound => BridgeError.TopicNotFound,
        RefusalReason.NotPermitted => BridgeError.NotAuthorized,
        RefusalReason.InvalidRequest => BridgeError.InvalidArgument,
        RefusalReason.GroupNotFound => BridgeError.GroupInvalid,
        RefusalReason.FilterInvalid => BridgeError.FilterInvalid,
        RefusalReason.NotWritable => BridgeError.ReadOnly,
        RefusalReason.Unsupported => BridgeError.Unsupported,
        RefusalReason.Busy => BridgeError.Busy,
        _ => BridgeError.Internal,
    };
}
