using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>CONNECT: the first packet, answered by CONNACK [MQTT-3.2.0-1].</summary>
public sealed class ConnectHandler
{
    private readonly RetainedDelivery _retained;
    private long _assigned;

    public ConnectHandler(RetainedDelivery retained) => _retained = retained;

    /// <summary>Handles the first packet, and the AUTH packets that follow it until CONNACK.</summary>
    public async ValueTask<ProtocolError> HandleAsync(MqttConnection connection, Frame frame, ReadOnlyMemory<byte> body)
    {
        if (connection.Access.Exchange is not { } exchange)
            return await HandleAsync(connection, body).ConfigureAwait(false);

        ProtocolError error = EnhancedAuthentication.Continue(connection, exchange, frame, body, out bool proven);
        if (error.IsError)
        {
            ConnectPacket.TryDecode(exchange.Connect, out ConnectPacket? waiting);
            Refuse(connection, ProtocolVersion.Mqtt5, error, waiting);
        }

        return proven ? await HandleAsync(connection, exchange.Connect).ConfigureAwait(false) : default;
    }

    /// <summary>Handles it; a client that is refused gets a CONNACK with the reason where its version has one.</summary>
    private async ValueTask<ProtocolError> HandleAsync(MqttConnection connection, ReadOnlyMemory<byte> body)
    {
        ProtocolVersion version = ConnectPacket.PeekVersion(body);
        ProtocolError error = ConnectPacket.TryDecode(body, out ConnectPacket? connect);
        if (!error.IsError && connect is not null)
            error = RefuseUnsupported(connection.Shared, connect);
        if (!error.IsError)
            error = Admission.CheckRate(connection);
        if (!error.IsError && connect is not null && EnhancedAuthentication.TryBegin(connection, connect, body, ref error))
            return default;
        if (!error.IsError && connect is not null)
            error = await Admission.AdmitAsync(connection, connect).ConfigureAwait(false);
        if (connection.IsClosing)
            return default;
        if (error.IsError || connect is null)
        {
            Refuse(connection, version, error, connect);
            return default;
        }

        try
        {
            await AcceptAsync(connection, connect).ConfigureAwait(false);
        }
        catch (BridgeException refused)
        {
            Refuse(connection, version, new ProtocolError(BridgeErrorMap.ToConnackReason(refused.Error), refused.Message), connect);
        }

        return default;
    }

    /// <summary>What the specification lets a client ask for and this server does not do yet.</summary>
    private static ProtocolError RefuseUnsupported(MqttShared shared, ConnectPacket connect)
    {
        if (connect.Will is { } will && WillRules.Judge(shared.Options, will) is { IsError: true } refused)
            return refused;
        if (connect.Version != ProtocolVersion.Mqtt5 && !connect.CleanStart && !shared.Sessions.CanKeep)
            return new ProtocolError(ReasonCode.ServerUnavailable, "sessions are not kept: connect with a clean session");
        return default;
    }

    /// <summary>[MQTT-3.1.2-2] [MQTT-3.1.4-1] [MQTT-3.2.2-6] [MQTT-3.2.2-7]: a CONNACK says why, then the connection closes.</summary>
    private static void Refuse(MqttConnection connection, ProtocolVersion version, ProtocolError error, ConnectPacket? connect = null)
    {
        connection.Shared.Metrics.RefusedConnect(error.Reason.ToString());
        MqttLog.ConnectRefused(connection.Shared.Logger, connection.Name, connect is null ? "?" : connect.ClientId, connection.Remote, error.Reason, error.Text);
        connection.Shared.Refusals?.Add("mqtt", "connect", connect?.ClientId, connection.Remote, string.Empty, error.Text);
        if (version >= ProtocolVersion.Mqtt5)
        {
            var plain = new ConnackPacket { Code = (byte)ToConnackReason(error.Reason) };
            var explained = new ConnackPacket { Code = plain.Code, Properties = new PropertyBlockWriter().Add(PropertyId.ReasonString, error.Text).Block };
            // [MQTT-3.2.2-19] [MQTT-3.1.2-24]
            long limit = connect?.Properties.GetNumber(PropertyId.MaximumPacketSize, uint.MaxValue) ?? uint.MaxValue;
            if (PacketEncoder.GetSize(explained, ProtocolVersion.Mqtt5) <= limit)
                connection.Send(explained, ProtocolVersion.Mqtt5);
            else if (PacketEncoder.GetSize(plain, ProtocolVersion.Mqtt5) <= limit)
                connection.Send(plain, ProtocolVersion.Mqtt5);
        }
        else if (version != ProtocolVersion.None && ReasonCodes.ToReturnCode(error.Reason) is > 0 and var code)
        {
            connection.Send(new ConnackPacket { Code = code }, ProtocolVersion.Mqtt311);
        }

        connection.CloseQuietly();
    }

    private static ReasonCode ToConnackReason(ReasonCode reason)
        => ReasonCodes.IsAllowed(PacketType.Connack, (byte)reason) ? reason : ReasonCode.ProtocolError;

    private async ValueTask AcceptAsync(MqttConnection connection, ConnectPacket connect)
    {
        MqttOptions options = connection.Shared.Options;
        bool assign = connect.ClientId.Length == 0;
        string clientId = assign ? MakeClientId() : connect.ClientId;
        int keepAlive = ChooseKeepAlive(connect, options);
        connection.Access.Named(clientId);
        ConnectTerms terms = ConnectTerms.Of(connect, connection.Shared.Sessions) with { ClientId = clientId, IsAssigned = assign, KeepAlive = keepAlive, Proven = connection.Access.Proven };
        // What can be refused by looking at it is refused before anything of the client changes.
        PropertyBlock properties = connect.Version == ProtocolVersion.Mqtt5 ? MakeProperties(terms, options) : default;
        if (PacketEncoder.GetSize(new ConnackPacket { Properties = properties }, connect.Version) > terms.Limits.MaximumPacketSize)
        {
            // [MQTT-3.1.2-24]
            Refuse(connection, connect.Version, new ProtocolError(ReasonCode.PacketTooLarge, "the CONNACK is larger than the largest packet that the client takes"), connect);
            return;
        }

        KeptWill? will = connection.Shared.Wills.Prepare(clientId, connect.Will, terms.SessionExpiry);
        // CONNACK is the first packet [MQTT-3.2.0-1]: until it can be sent there is no session that could be told anything.
        await connection.Shared.Connections.ClaimAsync(clientId, connection).ConfigureAwait(false);
        await connection.Shared.Claims.ClaimAsync(connection, clientId, terms.SessionExpiry > 0).ConfigureAwait(false);
        PersistentSession? kept = await connection.Shared.Sessions.OpenAsync(clientId, connect.CleanStart, terms.SessionExpiry, connection.Claim, connection.Ending).ConfigureAwait(false);
        try
        {
            await connection.Shared.Wills.BeginAsync(clientId, will, connect.CleanStart, connection.Ending).ConfigureAwait(false);
        }
        catch when (kept is not null)
        {
            await connection.Shared.Sessions.CloseAsync(kept).ConfigureAwait(false);
            throw;
        }

        MqttSession session = connection.Begin(clientId, terms.Limits, keepAlive, kept, will);
        if (kept is not null)
            await SessionResume.RestoreAsync(connection, session, kept).ConfigureAwait(false);
        // In MQTT 3.1 the byte of Session Present is reserved.
        bool present = kept is { IsPresent: true } && connect.Version != ProtocolVersion.Mqtt31;
        connection.Send(new ConnackPacket { Code = 0, SessionPresent = present, Properties = properties }, connect.Version);
        if (kept is not null)
            SessionResume.Start(connection, session, kept, _retained);
        MqttLog.Connected(connection.Shared.Logger, connection.Name, clientId, connect.Version, keepAlive);
    }

    /// <summary>Only MQTT 5 can be told of another keep-alive than it asked for [MQTT-3.1.2-21] [MQTT-3.2.2-22].</summary>
    private static int ChooseKeepAlive(ConnectPacket connect, MqttOptions options)
    {
        if (connect.Version != ProtocolVersion.Mqtt5)
            return connect.KeepAlive;
        if (connect.KeepAlive == 0)
            return options.RequireKeepAlive ? options.MaximumKeepAliveSeconds : 0;
        return Math.Min(connect.KeepAlive, options.MaximumKeepAliveSeconds);
    }

    private static PropertyBlock MakeProperties(ConnectTerms terms, MqttOptions options)
    {
        var properties = new PropertyBlockWriter();
        if (terms.SessionExpiry != terms.SessionExpiryAsked)
            properties.Add(PropertyId.SessionExpiryInterval, terms.SessionExpiry);
        if (options.ReceiveMaximum < ushort.MaxValue)
            properties.Add(PropertyId.ReceiveMaximum, (uint)options.ReceiveMaximum);
        properties.Add(PropertyId.MaximumPacketSize, (uint)options.MaximumPacketSize);
        if (terms.IsAssigned)
            properties.Add(PropertyId.AssignedClientIdentifier, terms.ClientId);
        if (options.TopicAliasMaximum > 0)
            properties.Add(PropertyId.TopicAliasMaximum, (uint)options.TopicAliasMaximum);
        if (terms.KeepAlive != terms.KeepAliveAsked)
            properties.Add(PropertyId.ServerKeepAlive, (uint)terms.KeepAlive);
        // [MQTT-3.1.2-28]
        if (terms.WantsResponseInformation && options.ResponseInformation.Length > 0)
            properties.Add(PropertyId.ResponseInformation, options.ResponseInformation.Replace("%c", terms.ClientId, StringComparison.Ordinal));
        if (terms.Proven is { } proven)
            properties.Add(PropertyId.AuthenticationMethod, proven.Method).Add(PropertyId.AuthenticationData, proven.Last);
        return properties.Block;
    }

    /// <summary>Unique in the process, and not to be guessed: a client identifier takes connections over [MQTT-3.1.3-6] [MQTT-3.2.2-16].</summary>
    private string MakeClientId()
    {
        Span<byte> random = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(random);
        return $"auto-{Interlocked.Increment(ref _assigned):x}-{Convert.ToHexStringLower(random)}";
    }
}
