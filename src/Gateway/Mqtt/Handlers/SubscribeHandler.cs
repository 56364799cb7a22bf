using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>SUBSCRIBE, answered by SUBACK with a code for each filter [MQTT-3.8.4-1] [MQTT-3.8.4-5] [MQTT-3.8.4-6].</summary>
public sealed class SubscribeHandler
{
    private const byte Failure311 = 0x80;

    private readonly RetainedDelivery _retained;

    public SubscribeHandler(RetainedDelivery retained) => _retained = retained;

    /// <summary>Handles it. The SUBACK leaves when every granted filter is in force.</summary>
    public async ValueTask<ProtocolError> HandleAsync(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = SubscribePacket.TryDecode(body, session.Version, out SubscribePacket? packet);
        if (error.IsError || packet is null)
            return error;

        uint identifier = packet.Properties.GetNumber(PropertyId.SubscriptionIdentifier, 0);
        byte[] codes = new byte[packet.Subscriptions.Count];
        var refusals = new List<string>();
        var retained = new List<NewSubscription>();
        session.RetainedFeed.Begin();
        SubscriptionEdit? edit = session.Kept is { } kept ? new SubscriptionEdit(kept, connection.Shared.Sessions) : null;
        connection.Deadlines.ReaderBusy(true);
        List<string?> announced = Announce(connection.Shared, packet, fromQueues: edit is not null);
        try
        {
            for (int i = 0; i < codes.Length; i++)
                codes[i] = await SubscribeAsync(connection, session, packet.Subscriptions[i], identifier, refusals, retained, edit).ConfigureAwait(false);
            if (edit is not null)
                await KeepAsync(connection, session, edit, packet, codes).ConfigureAwait(false);
        }
        finally
        {
            foreach (string? topic in announced)
                connection.Shared.Router.Retract(topic);
        }

        connection.Deadlines.ReaderBusy(false);
        connection.Send(MakeSuback(session, packet.PacketId, codes, refusals), session.Version);
        _retained.Send(session, retained);
        return default;
    }

    private static SubscriptionAckPacket MakeSuback(MqttSession session, ushort packetId, byte[] codes, List<string> refusals)
    {
        var packet = new SubscriptionAckPacket { Type = PacketType.Suback, PacketId = packetId, Codes = codes };
        if (refusals.Count == 0 || session.Version != ProtocolVersion.Mqtt5 || !session.Limits.WantsProblemInformation)
            return packet;
        var explained = new SubscriptionAckPacket
        {
            Type = PacketType.Suback,
            PacketId = packetId,
            Codes = codes,
            Properties = new PropertyBlockWriter().Add(PropertyId.ReasonString, refusals[0]).Block,
        };
        // [MQTT-3.9.2-1]
        return PacketEncoder.GetSize(explained, session.Version) <= session.Limits.MaximumPacketSize ? explained : packet;
    }

    /// <summary>All topics of a packet at once: its first filter selects them, and the others find them selected.</summary>
    private static List<string?> Announce(MqttShared shared, SubscribePacket packet, bool fromQueues)
    {
        var announced = new List<string?>();
        foreach (SubscriptionRequest request in packet.Subscriptions.Take(shared.Options.SubscriptionsPerSession))
        {
            if (TopicRules.IsShared(request.Filter.Span) || (fromQueues && request.Qos > 0))
                continue;
            try
            {
                announced.Add(FilterSelection.TopicOf(request.Filter.Span, shared.TopicNames));
                shared.Router.Announce(announced[^1]);
            }
            catch (BridgeException)
            {
                // Said in the code of that filter.
            }
        }

        return announced;
    }

    private static async ValueTask<byte> SubscribeAsync(MqttConnection connection, MqttSession session, SubscriptionRequest request, uint identifier, List<string> refusals, List<NewSubscription> retained, SubscriptionEdit? edit)
    {
        ReasonCode refusal = Judge(connection, session, request.Filter.Span);
        if (refusal == ReasonCode.Success && !connection.Access.MaySubscribe(request.Filter.Span))
            refusal = ReasonCode.NotAuthorized;
        string text = TextOf(refusal);
        if (refusal == ReasonCode.Success && TopicRules.IsShared(request.Filter.Span))
        {
            ProtocolError refused = await SharedSubscribing.SubscribeAsync(connection, session, request.Filter, request.Qos, identifier).ConfigureAwait(false);
            if (!refused.IsError)
            {
                if (edit is not null)
                    await edit.AddAsync(request.Filter.ToArray(), SharedSubscribing.Granted(request.Qos), identifier, isQueued: false, connection.Ending).ConfigureAwait(false);
                return SharedSubscribing.Granted(request.Qos);
            }

            (refusal, text) = (refused.Reason, refused.Text);
            refusals.Add(text);
        }
        else if (refusal == ReasonCode.Success)
        {
            try
            {
                return await PutInForceAsync(connection, session, request, identifier, retained, edit).ConfigureAwait(false);
            }
            catch (BridgeException refused)
            {
                refusal = BridgeErrorMap.ToSubackReason(refused.Error);
                text = refused.Message;
            }
        }

        if (refusal == ReasonCode.QuotaExceeded)
            connection.Shared.Metrics.Limited("subscriptions");
        MqttLog.SubscribeRefused(connection.Shared.Logger, connection.Name, session.ClientId, Encoding.UTF8.GetString(request.Filter.Span), refusal, text);
        return session.Version == ProtocolVersion.Mqtt5 ? (byte)refusal : Failure311;
    }

    private static ReasonCode Judge(MqttConnection connection, MqttSession session, ReadOnlySpan<byte> filter)
    {
        MqttOptions options = connection.Shared.Options;
        if (TopicRules.CountLevels(filter) > options.TopicLevels)
            return ReasonCode.TopicFilterInvalid;
        if (TopicRules.IsShared(filter))
            return ReasonCode.Success;
        bool known = session.Subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(filter);
        return !known && session.Subscriptions.Count + (connection.Shares?.Count ?? 0) >= options.SubscriptionsPerSession ? ReasonCode.QuotaExceeded : ReasonCode.Success;
    }

    private static string TextOf(ReasonCode refusal) => refusal switch
    {
        ReasonCode.NotAuthorized => "access control forbids subscribing there",
        ReasonCode.TopicFilterInvalid => "the filter has too many levels",
        ReasonCode.QuotaExceeded => "the session has as many subscriptions as it may have",
        _ => "not possible here",
    };

    private static async ValueTask<byte> PutInForceAsync(MqttConnection connection, MqttSession session, SubscriptionRequest request, uint identifier, List<NewSubscription> retained, SubscriptionEdit? edit)
    {
        byte[] filter = request.Filter.ToArray();
        byte granted = request.Qos;
        string? topic = FilterSelection.TopicOf(filter, connection.Shared.TopicNames);
        var subscription = new Subscription(session, granted, request.NoLocal, request.RetainAsPublished, identifier, topic);
        // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
        bool isSent = request.RetainHandling == RetainHandling.Send || (request.RetainHandling == RetainHandling.SendIfNew && !session.Subscriptions.ContainsKey(filter));
        bool isOwed = isSent && granted > 0 && connection.Shared.Bridge.Retained.Count > 0;
        byte options = (byte)((request.Options & 0x0F) | (isOwed ? SessionSubscription.RetainedOwed : 0));
        if (edit is not null && await edit.AddAsync(filter, options, identifier, granted > 0, connection.Ending).ConfigureAwait(false))
        {
            // Its messages come from the filter's queue, and no longer from the tail.
            connection.Shared.Router.Unsubscribe(filter, session);
            session.Forget(session.Subscriptions.GetValueOrDefault(filter));
        }
        else
        {
            await FollowTailAsync(connection, session, filter, subscription).ConfigureAwait(false);
        }

        session.Subscribe(filter, subscription);
        session.Remember(subscription);
        if (isSent)
            retained.Add(new NewSubscription(filter, subscription));
        return granted;
    }

    private static async ValueTask FollowTailAsync(MqttConnection connection, MqttSession session, byte[] filter, Subscription subscription)
    {
        try
        {
            Subscription? before = await connection.Shared.Router.SubscribeAsync(filter, subscription, connection.Ending).ConfigureAwait(false);
            session.Forget(before);
        }
        catch (BridgeException)
        {
            if (session.Unsubscribe(filter, out Subscription? replaced))
                session.Forget(replaced);
            throw;
        }
    }

    /// <summary>A SUBACK says of a session that outlives its connection only what is durable.</summary>
    private static async ValueTask KeepAsync(MqttConnection connection, MqttSession session, SubscriptionEdit edit, SubscribePacket packet, byte[] codes)
    {
        try
        {
            await edit.SaveAsync(connection.Ending).ConfigureAwait(false);
        }
        catch (BridgeException failed)
        {
            ReasonCode refusal = BridgeErrorMap.ToSubackReason(failed.Error);
            for (int i = 0; i < codes.Length; i++)
            {
                if (codes[i] >= Failure311)
                    continue;
                MqttLog.SubscribeRefused(connection.Shared.Logger, connection.Name, session.ClientId, Encoding.UTF8.GetString(packet.Subscriptions[i].Filter.Span), refusal, failed.Message);
                codes[i] = session.Version == ProtocolVersion.Mqtt5 ? (byte)refusal : Failure311;
                connection.Shared.Router.Unsubscribe(packet.Subscriptions[i].Filter.Span, session);
            }
        }
    }
}
