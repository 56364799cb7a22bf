using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What a client asked for in its CONNECT, and what it is granted.</summary>
/// <param name="Limits">What the client takes.</param>
/// <param name="SessionExpiryAsked">Seconds; before version 5 a session that is not clean asks for ever.</param>
/// <param name="SessionExpiry">Seconds granted.</param>
/// <param name="KeepAliveAsked">Seconds.</param>
public sealed record ConnectTerms(ClientLimits Limits, uint SessionExpiryAsked, uint SessionExpiry, int KeepAliveAsked)
{
    public required string ClientId { get; init; }

    /// <summary>Whether the server chose the client identifier.</summary>
    public bool IsAssigned { get; init; }

    /// <summary>Seconds granted.</summary>
    public int KeepAlive { get; init; }

    /// <summary>Whether it asked for Response Information [MQTT-3.1.2-28].</summary>
    public bool WantsResponseInformation { get; init; }

    /// <summary>What the authentication by AUTH packets ended with; null when there was none.</summary>
    public ProvenIdentity? Proven { get; init; }

    /// <summary>Reads a CONNECT.</summary>
    public static ConnectTerms Of(ConnectPacket connect, SessionBook sessions)
    {
        uint asked = connect.Version == ProtocolVersion.Mqtt5
            ? connect.Properties.GetNumber(PropertyId.SessionExpiryInterval, 0)
            : connect.CleanStart ? 0 : uint.MaxValue;
        return new ConnectTerms(ClientLimits.Of(connect), asked, sessions.Grant(asked), connect.KeepAlive)
        {
            ClientId = connect.ClientId,
            WantsResponseInformation = connect.Properties.GetNumber(PropertyId.RequestResponseInformation, 0) == 1,
        };
    }
}
