namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>The table of section 2.2.2.2: each property's form and the packets that may carry it.</summary>
public static class PropertyRules
{
    private const int Connect = 1 << (int)PacketType.Connect;
    private const int Connack = 1 << (int)PacketType.Connack;
    private const int Publish = 1 << (int)PacketType.Publish;
    private const int Subscribe = 1 << (int)PacketType.Subscribe;
    private const int Disconnect = 1 << (int)PacketType.Disconnect;
    private const int Auth = 1 << (int)PacketType.Auth;
    private const int Will = 1 << (int)PacketType.Will;
    private const int Acks = (1 << (int)PacketType.Puback) | (1 << (int)PacketType.Pubrec) | (1 << (int)PacketType.Pubrel)
        | (1 << (int)PacketType.Pubcomp) | (1 << (int)PacketType.Suback) | (1 << (int)PacketType.Unsuback);

    private const int Everywhere = Connect | Connack | Publish | Will | Acks | Subscribe | (1 << (int)PacketType.Unsubscribe) | Disconnect | Auth;

    /// <summary>The form of a property; <see cref="PropertyKind.None"/> for an unknown identifier.</summary>
    public static PropertyKind KindOf(PropertyId id) => Of(id).Kind;

    /// <summary>Reads property length and properties, and judges each of them.</summary>
    public static PropertyBlock ReadBlock(ref PacketReader packet, PacketType type)
    {
        uint length = packet.ReadVariableInteger();
        if (length > packet.Remaining)
            packet.Malformed("property length is beyond the end of the packet");
        ReadOnlyMemory<byte> bytes = packet.ReadBytes((int)length);
        if (packet.Failed || bytes.IsEmpty)
            return default;

        var reader = new PacketReader(bytes);
        Judge(ref reader, 1 << (int)type);
        if (reader.Failed)
            packet.Fail(reader.Error.Reason, reader.Error.Text);
        return new PropertyBlock(bytes);
    }

    private static void Judge(ref PacketReader reader, int packet)
    {
        ulong seen = 0;
        while (reader.Remaining > 0)
        {
            uint number = reader.ReadVariableInteger();
            var id = (PropertyId)Math.Min(number, 63u);
            (PropertyKind kind, int packets) = Of(id);
            if (kind == PropertyKind.None || (packets & packet) == 0)
            {
                reader.Malformed($"property {number} does not belong in this packet");
                return;
            }

            bool mayRepeat = id == PropertyId.UserProperty || (id == PropertyId.SubscriptionIdentifier && packet == Publish);
            if ((seen & (1UL << (int)id)) != 0 && !mayRepeat)
                reader.Fail(ReasonCode.ProtocolError, $"{id} twice");
            seen |= 1UL << (int)id;
            ReadValue(ref reader, id, kind);
        }

        if ((seen & (1UL << (int)PropertyId.AuthenticationData)) != 0 && (seen & (1UL << (int)PropertyId.AuthenticationMethod)) == 0)
            reader.Fail(ReasonCode.ProtocolError, "authentication data without authentication method");
    }

    private static void ReadValue(ref PacketReader reader, PropertyId id, PropertyKind kind)
    {
        switch (kind)
        {
            case PropertyKind.Flag:
                if (reader.ReadByte() > 1)
                    reader.Fail(ReasonCode.ProtocolError, $"{id} is neither 0 nor 1");
                break;
            case PropertyKind.UInt16:
                NotZero(ref reader, id, reader.ReadUInt16(), id is PropertyId.ReceiveMaximum or PropertyId.TopicAlias);
                break;
            case PropertyKind.UInt32:
                NotZero(ref reader, id, reader.ReadUInt32(), id == PropertyId.MaximumPacketSize);
                break;
            case PropertyKind.VariableInteger:
                NotZero(ref reader, id, reader.ReadVariableInteger(), true);
                break;
            case PropertyKind.Binary:
                reader.ReadBinary();
                break;
            case PropertyKind.Utf8Pair:
                reader.ReadUtf8();
                reader.ReadUtf8();
                break;
            default:
                ReadOnlyMemory<byte> text = reader.ReadUtf8();
                // [MQTT-3.3.2-14]
                if (id == PropertyId.ResponseTopic && !reader.Failed && TopicRules.CheckName(text.Span).IsError)
                    reader.Fail(ReasonCode.ProtocolError, "response topic is not a topic name");
                break;
        }
    }

    private static void NotZero(ref PacketReader reader, PropertyId id, uint value, bool required)
    {
        if (required && value == 0 && !reader.Failed)
            reader.Fail(id == PropertyId.TopicAlias ? ReasonCode.TopicAliasInvalid : ReasonCode.ProtocolError, $"{id} is 0");
    }

    private static (PropertyKind Kind, int Packets) Of(PropertyId id) => id switch
    {
        PropertyId.PayloadFormatIndicator => (PropertyKind.Flag, Publish | Will),
        PropertyId.MessageExpiryInterval => (PropertyKind.UInt32, Publish | Will),
        PropertyId.ContentType => (PropertyKind.Utf8, Publish | Will),
        PropertyId.ResponseTopic => (PropertyKind.Utf8, Publish | Will),
        PropertyId.CorrelationData => (PropertyKind.Binary, Publish | Will),
        PropertyId.SubscriptionIdentifier => (PropertyKind.VariableInteger, Publish | Subscribe),
        PropertyId.SessionExpiryInterval => (PropertyKind.UInt32, Connect | Connack | Disconnect),
        PropertyId.AssignedClientIdentifier => (PropertyKind.Utf8, Connack),
        PropertyId.ServerKeepAlive => (PropertyKind.UInt16, Connack),
        PropertyId.AuthenticationMethod => (PropertyKind.Utf8, Connect | Connack | Auth),
        PropertyId.AuthenticationData => (PropertyKind.Binary, Connect | Connack | Auth),
        PropertyId.RequestProblemInformation => (PropertyKind.Flag, Connect),
        PropertyId.WillDelayInterval => (PropertyKind.UInt32, Will),
        PropertyId.RequestResponseInformation => (PropertyKind.Flag, Connect),
        PropertyId.ResponseInformation => (PropertyKind.Utf8, Connack),
        PropertyId.ServerReference => (PropertyKind.Utf8, Connack | Disconnect),
        PropertyId.ReasonString => (PropertyKind.Utf8, Connack | Acks | Disconnect | Auth),
        PropertyId.ReceiveMaximum => (PropertyKind.UInt16, Connect | Connack),
        PropertyId.TopicAliasMaximum => (PropertyKind.UInt16, Connect | Connack),
        PropertyId.TopicAlias => (PropertyKind.UInt16, Publish),
        PropertyId.MaximumQos => (PropertyKind.Flag, Connack),
        PropertyId.RetainAvailable => (PropertyKind.Flag, Connack),
        PropertyId.UserProperty => (PropertyKind.Utf8Pair, Everywhere),
        PropertyId.MaximumPacketSize => (PropertyKind.UInt32, Connect | Connack),
        PropertyId.WildcardSubscriptionAvailable => (PropertyKind.Flag, Connack),
        PropertyId.SubscriptionIdentifierAvailable => (PropertyKind.Flag, Connack),
        PropertyId.SharedSubscriptionAvailable => (PropertyKind.Flag, Connack),
        _ => (PropertyKind.None, 0),
    };
}
