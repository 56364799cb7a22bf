using System.Buffers;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBACK or PUBREC to a client: once the log has its message, in the order of the PUBLISHes [MQTT-4.6.0-2]
/// [MQTT-4.6.0-3] [MQTT-4.3.2-4] [MQTT-4.3.3-8].</summary>
public static class PublishAcknowledgement
{
    /// <summary>Writes the acknowledgements of all PUBLISHes at the front of the line that are done; false when there was none.</summary>
    public static bool WriteReady(MqttConnection connection, MqttSession session, IBufferWriter<byte> output)
    {
        int pubacks = 0;
        int pubrecs = 0;
        while (connection.Publishes.PeekDone() is { } slot)
        {
            bool stored = slot.Reason == ReasonCode.Success;
            if (!slot.IsRepeat)
                connection.Shared.Metrics.Published(stored, connection.Shared.Clock.GetElapsedTime(slot.StartedAt));
            bool unknown = IsUnknown(connection, slot);
            Complete(connection, slot);
            if (!stored)
                Refused(connection, session, slot);
            if (slot.PacketId != 0 && !unknown && (stored || session.Version == ProtocolVersion.Mqtt5))
            {
                PacketEncoder.Write(output, MakeAnswer(session, slot), session.Version);
                pubacks += slot.Qos == 1 ? 1 : 0;
                pubrecs += slot.Qos == 2 ? 1 : 0;
            }

            bool mustClose = unknown || (!stored && slot.PacketId != 0 && session.Version != ProtocolVersion.Mqtt5);
            var why = new ProtocolError(slot.Reason, slot.ReasonText ?? "the message was not stored");
            connection.Publishes.Leave(slot);
            if (mustClose)
            {
                // Before version 5 an acknowledgement cannot refuse: without one the client knows that the message is not kept. And where nobody
                // knows, neither a PUBREC nor a refusal would be true: the client sends it again, and the log is asked by then.
                connection.Close(why);
                break;
            }
        }

        if (pubacks > 0)
            connection.Shared.Metrics.PacketOut(PacketType.Puback, pubacks);
        if (pubrecs > 0)
            connection.Shared.Metrics.PacketOut(PacketType.Pubrec, pubrecs);
        return pubacks + pubrecs > 0;
    }

    /// <summary>The connection has ended: nothing is acknowledged any more. Completes when the bridge has answered for all PUBLISHes.</summary>
    public static async ValueTask CompleteAllAsync(MqttConnection connection)
    {
        await connection.Publishes.AllDoneAsync().ConfigureAwait(false);
        while (connection.Publishes.PeekDone() is { } slot)
        {
            Complete(connection, slot);
            connection.Publishes.Leave(slot);
        }
    }

    /// <summary>Whether the message may be stored or not, and must not be twice.</summary>
    private static bool IsUnknown(MqttConnection connection, PublishSlot slot)
        => slot is { BeginsExchange: true, IsUnknown: true } && connection.Exchanges is not null;

    private static void Complete(MqttConnection connection, PublishSlot slot)
    {
        if (IsUnknown(connection, slot))
            connection.Inbound.LoseTrack();
        else if (slot.BeginsExchange)
            connection.Inbound.Complete(slot.PacketId, slot.Reason == ReasonCode.Success);
    }

    private static void Refused(MqttConnection connection, MqttSession session, PublishSlot slot)
    {
        if (slot.PacketId == 0)
            connection.Shared.Metrics.Dropped("publish-refused");
        connection.Shared.Refusals?.Add("mqtt", "publish", session.ClientId, connection.Remote, string.Empty, slot.ReasonText ?? slot.Reason.ToString());
        MqttLog.PublishRefused(connection.Shared.Logger, connection.Name, session.ClientId, slot.Reason, slot.ReasonText ?? string.Empty);
    }

    private static AcknowledgementPacket MakeAnswer(MqttSession session, PublishSlot slot)
    {
        PacketType type = slot.Qos == 2 ? PacketType.Pubrec : PacketType.Puback;
        var packet = new AcknowledgementPacket { Type = type, PacketId = slot.PacketId, Reason = slot.Reason };
        if (slot.ReasonText is null || !session.Limits.WantsProblemInformation)
            return packet;
        var explained = new AcknowledgementPacket
        {
            Type = type,
            PacketId = slot.PacketId,
            Reason = slot.Reason,
            Properties = new PropertyBlockWriter().Add(PropertyId.ReasonString, slot.ReasonText).Block,
        };
        // [MQTT-3.4.2-2] [MQTT-3.5.2-2]
        return PacketEncoder.GetSize(explained, session.Version) <= session.Limits.MaximumPacketSize ? explained : packet;
    }
}
