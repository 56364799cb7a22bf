using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What a client said in its CONNECT about what it takes.</summary>
/// <param name="Version">Protocol version.</param>
/// <param name="ReceiveMaximum">QoS 1 deliveries it takes without acknowledging.</param>
/// <param name="MaximumPacketSize">Largest packet it takes.</param>
/// <param name="WantsProblemInformation">Whether reason strings may go on packets other than CONNACK and DISCONNECT [MQTT-3.1.2-29].</param>
/// <param name="AskedForSession">Whether it asked for a session that outlives the connection.</param>
/// <param name="TopicAliasMaximum">Topic aliases that this server may set towards it.</param>
public sealed record ClientLimits(ProtocolVersion Version, int ReceiveMaximum, long MaximumPacketSize, bool WantsProblemInformation, bool AskedForSession, int TopicAliasMaximum = 0)
{
    /// <summary>Reads them out of a CONNECT.</summary>
    public static ClientLimits Of(ConnectPacket connect) => new(
        connect.Version,
        (int)connect.Properties.GetNumber(PropertyId.ReceiveMaximum, ushort.MaxValue),
        connect.Properties.GetNumber(PropertyId.MaximumPacketSize, uint.MaxValue),
        connect.Properties.GetNumber(PropertyId.RequestProblemInformation, 1) == 1,
        connect.Properties.GetNumber(PropertyId.SessionExpiryInterval, 0) > 0,
        (int)connect.Properties.GetNumber(PropertyId.TopicAliasMaximum, 0));
}
