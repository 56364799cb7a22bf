using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>Who is let in: rates of connections, credentials, client identifier, will, connections of a user and an address.</summary>
public static class Admission
{
    /// <summary>Judges a CONNECT; on success the connection has its rights and is counted.</summary>
    public static async ValueTask<ProtocolError> AdmitAsync(MqttConnection connection, ConnectPacket connect)
    {
        Authentication who = connection.Access.Proven is { } proven
            ? Authentication.Of(proven.Identity)
            : await connection.Shared.Access.AuthenticateAsync(
                new Credentials { UserName = connect.UserName, Password = connect.Password, Certificate = connection.Access.Certificate },
                connection.Ending).ConfigureAwait(false);
        ProtocolError error = who.Identity is { } identity ? Judge(connection, connect, identity) : new ProtocolError(ReasonOf(who.Rejection), TextOf(who.Rejection));
        if (error.IsError)
            Tell(connection, connect.ClientId, who.Identity?.Name ?? connect.UserName ?? "-", who.Identity is null ? who.Text : error.Text);
        return error;
    }

    /// <summary>Counts a CONNECT; too fast: MQTT 5 has a reason for it.</summary>
    public static ProtocolError CheckRate(MqttConnection connection)
    {
        if (connection.Access.Proven is not null || connection.Access.TryTakeConnectRate())
            return default;
        connection.Shared.Metrics.Limited("connect-rate");
        return new ProtocolError(ReasonCode.ConnectionRateExceeded, "too many connections in a short time");
    }

    /// <summary>Tells a refusal of a client that has no session yet.</summary>
    public static void Tell(MqttConnection connection, string clientId, string user, string why)
        => connection.Access.Refused("connect", user, clientId, string.Empty, why);

    private static ProtocolError Judge(MqttConnection connection, ConnectPacket connect, Identity identity)
    {
        connection.Access.Grant(identity, connect.ClientId);
        if (connection.Access.Rights is { MayConnect.IsAllowed: false } rights)
            return new ProtocolError(ReasonCode.ClientIdentifierNotValid, "access control forbids this client identifier: " + rights.MayConnect.Rule);
        if (connect.Will is { } will && !connection.Access.MayPublish(Encoding.UTF8.GetBytes(will.Topic), "will"))
            return new ProtocolError(ReasonCode.NotAuthorized, "access control forbids the will's topic");
        ProtocolError error = connection.Access.TryEnter();
        if (error.IsError)
            connection.Shared.Metrics.Limited("connections");
        return error;
    }

    /// <summary>[MQTT-3.2.2-7] and return codes 4 and 5 of 3.1.1.</summary>
    private static ReasonCode ReasonOf(Rejection rejection) => rejection switch
    {
        Rejection.BadCredentials => ReasonCode.BadUserNameOrPassword,
        Rejection.Busy => ReasonCode.ServerBusy,
        _ => ReasonCode.NotAuthorized,
    };

    /// <summary>What the client is told: not what exactly was wrong.</summary>
    private static string TextOf(Rejection rejection) => rejection switch
    {
        Rejection.BadCredentials => "bad user name or password",
        Rejection.Busy => "too many clients connect at this time",
        _ => "not authorized",
    };
}
