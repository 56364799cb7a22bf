using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBREL from a client: its packet identifier is free again, and PUBCOMP says so [MQTT-4.3.3-11]
/// [MQTT-4.3.3-12].</summary>
public static class PubrelHandler
{
    /// <summary>Handles it. PUBCOMPs leave in the order of the PUBRELs.</summary>
    public static ValueTask<ProtocolError> HandleAsync(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = AcknowledgementPacket.TryDecode(PacketType.Pubrel, body, session.Version, out AcknowledgementPacket packet);
        if (error.IsError)
            return new(error);
        if (connection.Exchanges is { } kept)
            return ReleaseAsync(connection, kept, packet.PacketId);
        connection.Send(Release(connection, packet.PacketId), session.Version);
        return default;
    }

    private static async ValueTask<ProtocolError> ReleaseAsync(MqttConnection connection, KeptExchanges kept, ushort packetId)
    {
        connection.Deadlines.ReaderBusy(true);
        try
        {
            await kept.LoadAsync().ConfigureAwait(false);
            await kept.AnswerAsync(Release(connection, packetId)).ConfigureAwait(false);
            return default;
        }
        catch (BridgeException failure)
        {
            return new ProtocolError(BridgeErrorMap.ToReason(failure.Error), failure.Message);
        }
        finally
        {
            connection.Deadlines.ReaderBusy(false);
        }
    }

    /// <summary>
    /// Before version 5 PUBCOMP has no code: an unknown identifier is released all the same. So is one of a session that was resumed: its
    /// PUBCOMP went with the connection before, and clients take "not found" for a failure of their message.
    /// </summary>
    private static AcknowledgementPacket Release(MqttConnection connection, ushort packetId) => new()
    {
        Type = PacketType.Pubcomp,
        PacketId = packetId,
        Reason = connection.Inbound.TryRelease(packetId) || connection.Exchanges is { IsResumed: true } ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound,
    };
}
