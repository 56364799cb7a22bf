using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Puts the subscriptions of a session that is resumed in force again, and starts its feed.</summary>
public static class SessionResume
{
    /// <summary>Before CONNACK: what is published after it is received.</summary>
    /// <exception cref="BridgeException">The bridge refused a subscription.</exception>
    public static async ValueTask RestoreAsync(MqttConnection connection, MqttSession session, PersistentSession kept)
    {
        foreach (SessionSubscription subscription in kept.Record.Subscriptions)
        {
            if (TopicRules.IsShared(subscription.Filter.Span))
            {
                ProtocolError refused = await SharedSubscribing.SubscribeAsync(connection, session, subscription.Filter, subscription.Qos, subscription.Identifier).ConfigureAwait(false);
                if (refused.IsError)
                    SessionLog.NotRestored(connection.Shared.Logger, kept.ClientId, refused.Text);
                continue;
            }

            byte[] filter = subscription.Filter.ToArray();
            string? topic = FilterSelection.TopicOf(filter, connection.Shared.TopicNames);
            var restored = new Subscription(session, subscription.Qos, subscription.NoLocal, subscription.RetainAsPublished, subscription.Identifier, topic);
            if (!subscription.IsQueued)
                await connection.Shared.Router.SubscribeAsync(filter, restored, connection.Ending).ConfigureAwait(false);
            session.Subscribe(filter, restored);
            session.Remember(restored);
        }
    }

    /// <summary>After CONNACK: what was in flight, then what came meanwhile, and what is owed of retained messages.</summary>
    public static void Start(MqttConnection connection, MqttSession session, PersistentSession kept, RetainedDelivery retained)
    {
        kept.Feed = connection.Shared.Sessions.MakeFeed(connection, session, kept);
        kept.Feed.Start();
        retained.GoOn(session, kept);
    }
}
