using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>The one place where a bridge's refusal becomes MQTT's. 3.1.1 has no code for a refused PUBLISH: there the
/// connection is closed without an acknowledgement.</summary>
public static class BridgeErrorMap
{
    /// <summary>A reason code that PUBACK knows (table 3-4).</summary>
    public static ReasonCode ToReason(BridgeError error) => error switch
    {
        BridgeError.TopicNotFound or BridgeError.TopicInvalid => ReasonCode.TopicNameInvalid,
        BridgeError.MessageTooLarge or BridgeError.Busy or BridgeError.ReadOnly => ReasonCode.QuotaExceeded,
        BridgeError.NotAuthorized => ReasonCode.NotAuthorized,
        BridgeError.PropertiesInvalid or BridgeError.InvalidArgument or BridgeError.Unsupported
            or BridgeError.GroupInvalid or BridgeError.FilterInvalid or BridgeError.Unreachable => ReasonCode.ImplementationSpecificError,
        _ => ReasonCode.UnspecifiedError,
    };

    /// <summary>A reason code that CONNACK knows (table 3-1), for a session or will that cannot be kept.</summary>
    public static ReasonCode ToConnackReason(BridgeError error) => error switch
    {
        BridgeError.Busy or BridgeError.MessageTooLarge => ReasonCode.QuotaExceeded,
        BridgeError.TopicNotFound or BridgeError.TopicInvalid => ReasonCode.TopicNameInvalid,
        BridgeError.ReadOnly or BridgeError.Unreachable or BridgeError.Timeout => ReasonCode.ServerUnavailable,
        BridgeError.PropertiesInvalid or BridgeError.InvalidArgument => ReasonCode.ClientIdentifierNotValid,
        BridgeError.NotAuthorized => ReasonCode.NotAuthorized,
        _ => ReasonCode.ImplementationSpecificError,
    };

    /// <summary>A reason code that SUBACK knows (table 3-8).</summary>
    public static ReasonCode ToSubackReason(BridgeError error) => error switch
    {
        BridgeError.TopicNotFound or BridgeError.TopicInvalid or BridgeError.FilterInvalid or BridgeError.GroupInvalid => ReasonCode.TopicFilterInvalid,
        _ => ToReason(error),
    };
}
