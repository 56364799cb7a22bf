using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What all connections of the front share.</summary>
public sealed class MqttShared
{
    public MqttShared(IMessageBridge bridge, NameMapping mapping, DeliveryRouter router, SharedTopics sharedTopics, ConnectionTable connections, SessionBook sessions, WillBook wills, ExchangeStore exchanges, SessionClaims claims, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, AccessControl access, ILogger<MqttShared> logger, RefusalRing? refusals = null)
    {
        Access = access;
        Limits = new ConnectionLimits(options.Value, clock);
        Refusals = refusals;
        Bridge = bridge;
        Mapping = mapping;
        Router = router;
        SharedTopics = sharedTopics;
        Connections = connections;
        Sessions = sessions;
        Wills = wills;
        Exchanges = exchanges;
        Claims = claims;
        Options = options.Value;
        Metrics = metrics;
        Clock = clock;
        Logger = logger;
    }

    public IMessageBridge Bridge { get; }

    public DeliveryRouter Router { get; }

    public SharedTopics SharedTopics { get; }

    public ConnectionTable Connections { get; }

    /// <summary>Sessions that outlive their connections.</summary>
    public SessionBook Sessions { get; }

    /// <summary>The wills of all clients.</summary>
    public WillBook Wills { get; }

    /// <summary>What was received and not released, of sessions that outlive their connections.</summary>
    public ExchangeStore Exchanges { get; }

    /// <summary>Which clients connections of this gateway have among all gateways.</summary>
    public SessionClaims Claims { get; }

    public MqttOptions Options { get; }

    /// <summary>Where refusals are shown from; null where nobody looks.</summary>
    public RefusalRing? Refusals { get; }

    /// <summary>Who clients are and what they may do.</summary>
    public AccessControl Access { get; }

    /// <summary>Connections by user and address.</summary>
    public ConnectionLimits Limits { get; }

    public MqttMetrics Metrics { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    /// <summary>Where names go, by rules or the default mapping.</summary>
    public NameMapping Mapping { get; }

    /// <summary>The default mapping of first levels.</summary>
    public TopicNameCache TopicNames => Mapping.Defaults;

    public PublishSlotPool Slots { get; } = new();

    /// <summary>Retained messages on their way out.</summary>
    public OutgoingMessagePool RetainedPool { get; } = new();
}
