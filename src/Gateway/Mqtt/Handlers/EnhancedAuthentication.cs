using ProtoBridgeMQ.Bridge.Access.Scram;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>Enhanced authentication by SCRAM-SHA-256 (section 4.12): between CONNECT and CONNACK, and again later.</summary>
public static class EnhancedAuthentication
{
    /// <summary>Begins an exchange when a CONNECT names a method; true: CONNACK waits for AUTH [MQTT-4.12.0-2].</summary>
    public static bool TryBegin(MqttConnection connection, ConnectPacket connect, ReadOnlyMemory<byte> body, ref ProtocolError error)
    {
        string? method = connect.Properties.GetString(PropertyId.AuthenticationMethod);
        if (method is null || connection.Access.Proven is not null)
            return false;
        // [MQTT-4.12.0-1]
        if (method != ScramExchange.Method || connection.Shared.Access.IsOpen || !connection.Shared.Access.HasUsers)
        {
            error = new ProtocolError(ReasonCode.BadAuthenticationMethod, "this authentication method is not supported");
            return false;
        }

        ScramExchange scram = connection.Shared.Access.StartScram();
        ScramStep step = scram.Next(DataOf(connect.Properties));
        if (step.Failure is { } why)
        {
            Admission.Tell(connection, connect.ClientId, scram.UserName, why);
            error = new ProtocolError(ReasonCode.NotAuthorized, "not authorized");
            return false;
        }

        ReasonPacket challenge = Answer(ReasonCode.ContinueAuthentication, step.Message);
        // [MQTT-3.1.2-24]
        if (PacketEncoder.GetSize(challenge, ProtocolVersion.Mqtt5) > connect.Properties.GetNumber(PropertyId.MaximumPacketSize, uint.MaxValue))
        {
            error = new ProtocolError(ReasonCode.PacketTooLarge, "the challenge is larger than the largest packet that the client takes");
            return false;
        }

        connection.Access.Exchange = new EnhancedExchange(connect.ClientId, scram, body.ToArray());
        connection.Send(challenge, ProtocolVersion.Mqtt5);
        return true;
    }

    /// <summary>Takes what comes before CONNACK; proven: the CONNECT may go on.</summary>
    public static ProtocolError Continue(MqttConnection connection, EnhancedExchange exchange, Frame frame, ReadOnlyMemory<byte> body, out bool proven)
    {
        proven = false;
        if (frame.Type == PacketType.Disconnect)
        {
            connection.CloseQuietly();
            return default;
        }

        // 3.1.4: nothing but AUTH and DISCONNECT before CONNACK.
        if (frame.Type != PacketType.Auth)
            return ProtocolError.Violation($"{frame.Type} before the authentication is complete");
        ProtocolError error = Read(body, ReasonCode.ContinueAuthentication, out byte[] data);
        if (error.IsError)
            return error;

        ScramStep step = exchange.Scram.Next(data);
        if (step.Identity is { } identity)
        {
            connection.Access.Exchange = null;
            connection.Access.Proven = new ProvenIdentity(identity, ScramExchange.Method, step.Message);
            proven = true;
            return default;
        }

        Admission.Tell(connection, exchange.ClientId, exchange.Scram.UserName, step.Failure ?? "the exchange is not over");
        return new ProtocolError(ReasonCode.NotAuthorized, "not authorized");
    }

    /// <summary>AUTH of a connected client: it proves itself anew [MQTT-4.12.1-1]; a failure ends the connection [MQTT-4.12.1-2].</summary>
    public static ProtocolError Again(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = ReasonPacket.TryDecode(PacketType.Auth, body, session.Version, out ReasonPacket packet);
        if (error.IsError)
            return error;
        // [MQTT-4.12.0-6]
        if (connection.Access.Proven is not { } before)
            return ProtocolError.Violation("AUTH without an authentication method in CONNECT");
        EnhancedExchange? exchange = connection.Access.Exchange;
        error = Read(body, exchange is null ? ReasonCode.Reauthenticate : ReasonCode.ContinueAuthentication, out byte[] data);
        if (error.IsError)
            return error;

        exchange ??= new EnhancedExchange(session.ClientId, connection.Shared.Access.StartScram(), []);
        ScramStep step = exchange.Scram.Next(data);
        string? failure = step.Identity is { } other && other.User != before.Identity.User ? "it proved to be another user" : step.Failure;
        if (failure is not null)
        {
            connection.Access.Refused("authenticate", exchange.Scram.UserName, session.ClientId, string.Empty, failure);
            return new ProtocolError(ReasonCode.NotAuthorized, "not authorized");
        }

        connection.Access.Exchange = step.Identity is null ? exchange : null;
        if (step.Identity is { } identity)
            connection.Access.Grant(identity, session.ClientId);
        connection.Send(Answer(step.Identity is null ? ReasonCode.ContinueAuthentication : ReasonCode.Success, step.Message), ProtocolVersion.Mqtt5);
        return default;
    }

    private static ReasonPacket Answer(ReasonCode reason, byte[] data) => new()
    {
        Type = PacketType.Auth,
        Reason = reason,
        Properties = new PropertyBlockWriter().Add(PropertyId.AuthenticationMethod, ScramExchange.Method).Add(PropertyId.AuthenticationData, data).Block,
    };

    private static ProtocolError Read(ReadOnlyMemory<byte> body, ReasonCode expected, out byte[] data)
    {
        data = [];
        ProtocolError error = ReasonPacket.TryDecode(PacketType.Auth, body, ProtocolVersion.Mqtt5, out ReasonPacket packet);
        if (error.IsError)
            return error;
        if (packet.Reason != expected)
            return ProtocolError.Violation($"AUTH with reason {packet.Reason} in the place of {expected}");
        // [MQTT-4.12.0-5]
        if (packet.Properties.GetString(PropertyId.AuthenticationMethod) != ScramExchange.Method)
            return ProtocolError.Violation("AUTH with another authentication method");
        data = DataOf(packet.Properties);
        return default;
    }

    private static byte[] DataOf(PropertyBlock properties)
    {
        foreach (PropertyBlock.Property property in properties)
        {
            if (property.Id == PropertyId.AuthenticationData)
                return property.Value.ToArray();
        }

        return [];
    }
}
