using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>Which handler takes which packet. A handler answers an error when the connection must close.</summary>
public sealed class PacketHandlers
{
    private readonly ConnectHandler _connect;
    private readonly PublishHandler _publish;
    private readonly SubscribeHandler _subscribe;
    private readonly UnsubscribeHandler _unsubscribe;

    public PacketHandlers(ConnectHandler connect, PublishHandler publish, SubscribeHandler subscribe, UnsubscribeHandler unsubscribe)
    {
        _connect = connect;
        _publish = publish;
        _subscribe = subscribe;
        _unsubscribe = unsubscribe;
    }

    /// <summary>Handles one packet. Its bytes are borrowed until the answer.</summary>
    public ValueTask<ProtocolError> HandleAsync(MqttConnection connection, Frame frame, ReadOnlyMemory<byte> body)
    {
        if (connection.Session is not { } session)
            return _connect.HandleAsync(connection, frame, body);

        switch (frame.Type)
        {
            case PacketType.Publish:
                return _publish.HandleAsync(connection, session, frame.Flags, body);
            case PacketType.Puback:
                return new(PubackHandler.Handle(connection, session, body));
            case PacketType.Pubrel:
                return PubrelHandler.HandleAsync(connection, session, body);
            case PacketType.Subscribe:
                return _subscribe.HandleAsync(connection, session, body);
            case PacketType.Unsubscribe:
                return _unsubscribe.HandleAsync(connection, session, body);
            case PacketType.Pingreq:
                return new(PingHandler.Handle(connection, session, body));
            case PacketType.Disconnect:
                return new(DisconnectHandler.Handle(connection, session, body));
            case PacketType.Auth:
                return new(EnhancedAuthentication.Again(connection, session, body));
            case PacketType.Connect:
                // [MQTT-3.1.0-2]
                return new(ProtocolError.Violation("a second CONNECT"));
            case PacketType.Pubrec:
                return new(PubrecHandler.Handle(connection, session, body));
            case PacketType.Pubcomp:
                return new(PubrecHandler.HandleComplete(connection, session, body));
            default:
                return new(ProtocolError.Violation($"{frame.Type} is not sent by clients"));
        }
    }
}
