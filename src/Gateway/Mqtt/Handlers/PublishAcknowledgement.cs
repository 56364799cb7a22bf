using System.Buffers;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBACK to a client: once the log has its message, in the order of the PUBLISHes [MQTT-4.6.0-2] [MQTT-4.3.2-4].</summary>
public static class PublishAcknowledgement
{
    /// <summary>Writes the PUBACKs of all PUBLISHes at the front of the line that are done; false when there was none.</summary>
    public static bool WriteReady(MqttConnection connection, MqttSession session, IBufferWriter<byte> output)
    {
        int written = 0;
        while (connection.Publishes.PeekDone() is { } slot)
        {
            bool stored = slot.Reason == ReasonCode.Success;
            connection.Shared.Metrics.Published(stored);
            if (!stored)
                Refused(connection, session, slot);
            if (slot.PacketId != 0 && (stored || session.Version == ProtocolVersion.Mqtt5))
            {
                PacketEncoder.Write(output, MakePuback(session, slot), session.Version);
                written++;
            }

            bool mustClose = !stored && slot.PacketId != 0 && session.Version != ProtocolVersion.Mqtt5;
            var why = new ProtocolError(slot.Reason, slot.ReasonText ?? "the message was not stored");
            connection.Publishes.Leave(slot);
            if (mustClose)
            {
                // Before version 5 a PUBACK cannot refuse: without one the client knows that the message is not kept.
                connection.Close(why);
                break;
            }
        }

        if (written > 0)
            connection.Shared.Metrics.PacketOut(PacketType.Puback, written);
        return written > 0;
    }

    private static void Refused(MqttConnection connection, MqttSession session, PublishSlot slot)
    {
        if (slot.PacketId == 0)
            connection.Shared.Metrics.Dropped("publish-refused");
        MqttLog.PublishRefused(connection.Shared.Logger, connection.Name, session.ClientId, slot.Reason, slot.ReasonText ?? string.Empty);
    }

    private static AcknowledgementPacket MakePuback(MqttSession session, PublishSlot slot)
    {
        var packet = new AcknowledgementPacket { Type = PacketType.Puback, PacketId = slot.PacketId, Reason = slot.Reason };
        if (slot.ReasonText is null || !session.Limits.WantsProblemInformation)
            return packet;
        var explained = new AcknowledgementPacket
        {
            Type = PacketType.Puback,
            PacketId = slot.PacketId,
            Reason = slot.Reason,
            Properties = new PropertyBlockWriter().Add(PropertyId.ReasonString, slot.ReasonText).Block,
        };
        // [MQTT-3.4.2-2]
        return PacketEncoder.GetSize(explained, session.Version) <= session.Limits.MaximumPacketSize ? explained : packet;
    }
}
