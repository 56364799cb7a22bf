using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>
/// PUBLISH from a client: judged, mapped and handed to the bridge. It does not wait for the log: the connection's
/// pipeline acknowledges when the message is durable. At QoS 1 a PUBLISH that comes again is stored again: at least
/// once. At QoS 2 it is not, until its PUBREL has come.
/// </summary>
public sealed class PublishHandler
{
    /// <summary>Bytes that a PUBLISH counts for beside its own, so that floods of empty ones are bounded, too.</summary>
    private const int Overhead = 64;

    /// <summary>Handles it.</summary>
    public ValueTask<ProtocolError> HandleAsync(MqttConnection connection, MqttSession session, byte flags, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = PublishPacket.TryDecode(body, flags, session.Version, out PublishPacket packet);
        if (!error.IsError)
            error = Judge(connection, session, packet);
        if (error.IsError)
            return new(error);

        int size = body.Length + Overhead;
        bool mayEnter = connection.Publishes.HasRoom(size) && connection.Access.MayReadOn(session.Version, size - Overhead);
        return mayEnter && IsReady(connection, session, packet)
            ? new(Publish(connection, session, packet, size))
            : WaitAndPublishAsync(connection, session, packet, size, mayEnter);
    }

    /// <summary>Whether the session would know of the message after a crash.</summary>
    private static bool IsReady(MqttConnection connection, MqttSession session, in PublishPacket packet)
        => packet.Qos < 2 || connection.Exchanges is not { } kept || kept.IsReadyFor(TryMap(connection.Shared, TopicAliasTable.Peek(session, packet).Span));

    private static string? TryMap(MqttShared shared, ReadOnlySpan<byte> topic)
    {
        try
        {
            return shared.Mapping.TopicOf(topic);
        }
        catch (BridgeException)
        {
            return null;
        }
    }

    private static ProtocolError Judge(MqttConnection connection, MqttSession session, in PublishPacket packet)
    {
        // [MQTT-3.3.4-6]
        if (packet.Properties.Contains(PropertyId.SubscriptionIdentifier))
            return ProtocolError.Violation("subscription identifier in a PUBLISH of a client");
        // [MQTT-3.3.4-7] [MQTT-3.3.4-8]; before version 5 nothing was announced, and reading just stops.
        if (packet.Qos > 0 && session.Version == ProtocolVersion.Mqtt5 && IsReceiveMaximumReached(connection, packet))
            return new ProtocolError(ReasonCode.ReceiveMaximumExceeded, "more PUBLISHes in flight than the receive maximum");
        return default;
    }

    /// <summary>QoS 1 counts until its PUBACK, QoS 2 until its PUBCOMP (4.9).</summary>
    private static bool IsReceiveMaximumReached(MqttConnection connection, in PublishPacket packet)
        => connection.Publishes.Unacknowledged + connection.Inbound.Open >= connection.Shared.Options.ReceiveMaximum
            && !(packet.Qos == 2 && connection.Inbound.IsCounted(packet.PacketId));

    private static async ValueTask<ProtocolError> WaitAndPublishAsync(MqttConnection connection, MqttSession session, PublishPacket packet, int size, bool mayEnter)
    {
        connection.Deadlines.ReaderBusy(true);
        try
        {
            while (!connection.Publishes.HasRoom(size))
                await connection.Publishes.WaitForRoomAsync().ConfigureAwait(false);
            if (!mayEnter && session.Version != ProtocolVersion.Mqtt5)
                await connection.Access.WaitForRateAsync(size - Overhead, connection.Ending).ConfigureAwait(false);
            // Last: the record says from when to when to look for the message, and the waits before it may be long.
            if (!connection.IsClosing && packet.Qos == 2 && connection.Exchanges is { } kept)
                await kept.PrepareAsync(TryMap(connection.Shared, TopicAliasTable.Peek(session, packet).Span)).ConfigureAwait(false);
        }
        catch (BridgeException failure)
        {
            return new ProtocolError(BridgeErrorMap.ToReason(failure.Error), failure.Message);
        }
        finally
        {
            connection.Deadlines.ReaderBusy(false);
        }

        return connection.IsClosing ? default : Publish(connection, session, packet, size);
    }

    private static ProtocolError Publish(MqttConnection connection, MqttSession session, in PublishPacket packet, int size)
    {
        ProtocolError error = TopicAliasTable.Resolve(session, connection.Shared.Options.TopicAliasMaximum, packet, out ReadOnlyMemory<byte> topic);
        if (error.IsError)
            return error;

        (ReasonCode reason, string text) = Refuse(connection, packet, topic.Span);
        if (reason == ReasonCode.Success && session.Version == ProtocolVersion.Mqtt5)
            (reason, text) = connection.Access.JudgeRate(packet.Qos, size - Overhead);
        if (reason != ReasonCode.Success && packet.Qos == 0)
            return new ProtocolError(reason, text);

        PublishSlot slot = connection.Publishes.Enter(packet.Qos, packet.PacketId, size);
        slot.StartedAt = connection.Shared.Clock.GetTimestamp();
        if (IsInUse(connection, session, packet))
            slot.Refuse(ReasonCode.PacketIdentifierInUse, "the packet identifier is in use by a QoS 2 PUBLISH");
        else if (packet.Qos == 2 && Begin(connection, packet.PacketId, topic.Span) == ExchangeStart.Repeat)
            slot.Repeat();
        else
            StartOrRefuse(connection, session, packet, topic, slot, reason, text);
        return default;
    }

    private static ExchangeStart Begin(MqttConnection connection, ushort packetId, ReadOnlySpan<byte> topic)
        => connection.Inbound.Begin(packetId, connection.Exchanges is null ? string.Empty : TryMap(connection.Shared, topic) ?? string.Empty);

    /// <summary>MQTT 5 can be told; before, a client may send a PUBLISH again on one connection.</summary>
    private static bool IsInUse(MqttConnection connection, MqttSession session, in PublishPacket packet)
        => session.Version == ProtocolVersion.Mqtt5
            && (packet.Qos == 1 ? connection.Inbound.Contains(packet.PacketId) : packet.Qos == 2 && connection.Inbound.IsPending(packet.PacketId));

    private static void StartOrRefuse(MqttConnection connection, MqttSession session, in PublishPacket packet, ReadOnlyMemory<byte> topic, PublishSlot slot, ReasonCode reason, string text)
    {
        slot.BeginsExchange = packet.Qos == 2;
        if (reason != ReasonCode.Success)
            slot.Refuse(reason, text);
        else
            Start(connection, session, packet, topic, slot);
    }

    /// <summary>What closes the connection at QoS 0 and is said in the PUBACK or PUBREC above.</summary>
    private static (ReasonCode Reason, string Text) Refuse(MqttConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topic)
    {
        (ReasonCode reason, string text) = PublishRules.Judge(connection.Shared.Options, topic, packet.Properties, packet.Payload.Span);
        if (reason != ReasonCode.Success)
            return (reason, text);
        return connection.Access.MayPublish(topic) ? default : (ReasonCode.NotAuthorized, "access control forbids publishing there");
    }

    private static void Start(MqttConnection connection, MqttSession session, in PublishPacket packet, ReadOnlyMemory<byte> topic, PublishSlot slot)
    {
        MqttShared shared = connection.Shared;
        ReadOnlySpan<byte> name = topic.Span;
        string mapped;
        try
        {
            mapped = shared.Mapping.Map(name, ref slot.Properties);
            MessageProperties5.WriteQos(packet.Qos, ref slot.Properties);
            if (packet.Retain)
                MessageFields.WriteRetain(ref slot.Properties);
            bool isKept = packet.Qos == 2 && connection.Exchanges is not null;
            if (isKept)
                ExchangeStore.Write(packet.PacketId, connection.Inbound.LastNumber, ref slot.Properties);
            if (isKept || session.NoLocalCount > 0 || packet.Retain)
                slot.Properties.Write(MessageProperties5.ClientName, session.ClientIdUtf8);
            if (!packet.Properties.IsEmpty)
                MessageProperties5.ToLog(packet.Properties, shared.Clock.GetUtcNow(), ref slot.Properties);
        }
        catch (BridgeException refusal)
        {
            slot.Refuse(BridgeErrorMap.ToReason(refusal.Error), refusal.Message);
            return;
        }

        slot.Start(shared.Bridge, mapped, packet.Payload, TopicMapping.OrderingHash(name), connection.Remote, packet.Retain);
    }
}
