using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Decodes any packet, and puts it into the words of the golden files.</summary>
public static class PacketText
{
    /// <summary>Decodes a frame; the packet is null when there is an error.</summary>
    public static ProtocolError Decode(Frame frame, ProtocolVersion version, out IPacket? packet)
    {
        ReadOnlyMemory<byte> body = frame.Body.ToArray();
        ProtocolError error;
        switch (frame.Type)
        {
            case PacketType.Connect: error = ConnectPacket.TryDecode(body, out ConnectPacket? connect); packet = connect; break;
            case PacketType.Connack: error = ConnackPacket.TryDecode(body, version, out ConnackPacket? connack); packet = connack; break;
            case PacketType.Publish: error = PublishPacket.TryDecode(body, frame.Flags, version, out PublishPacket publish); packet = publish; break;
            case PacketType.Subscribe: error = SubscribePacket.TryDecode(body, version, out SubscribePacket? subscribe); packet = subscribe; break;
            case PacketType.Unsubscribe: error = UnsubscribePacket.TryDecode(body, version, out UnsubscribePacket? unsubscribe); packet = unsubscribe; break;
            case PacketType.Suback or PacketType.Unsuback: error = SubscriptionAckPacket.TryDecode(frame.Type, body, version, out SubscriptionAckPacket? suback); packet = suback; break;
            case PacketType.Pingreq or PacketType.Pingresp: error = PingPacket.TryDecode(frame.Type, body, out PingPacket ping); packet = ping; break;
            case PacketType.Disconnect or PacketType.Auth: error = ReasonPacket.TryDecode(frame.Type, body, version, out ReasonPacket reason); packet = reason; break;
            default: error = AcknowledgementPacket.TryDecode(frame.Type, body, version, out AcknowledgementPacket ack); packet = ack; break;
        }

        if (error.IsError)
            packet = null;
        return error;
    }

    /// <summary>The bytes that the encoder makes.</summary>
    public static byte[] Encode(IPacket packet, ProtocolVersion version)
    {
        var output = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(output, packet, version);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The packet in words.</summary>
    public static string Describe(IPacket packet) => packet switch
    {
        ConnectPacket p => Describe(p),
        ConnackPacket p => $"CONNACK present={Bit(p.SessionPresent)} code={p.Code} props={Describe(p.Properties)}",
        PublishPacket p => $"PUBLISH dup={Bit(p.Dup)} qos={p.Qos} retain={Bit(p.Retain)} topic={Text(p.Topic)} id={p.PacketId} props={Describe(p.Properties)} payload={Hex(p.Payload)}",
        AcknowledgementPacket p => $"{Kind(p)} id={p.PacketId} reason={(int)p.Reason} props={Describe(p.Properties)}",
        SubscribePacket p => $"SUBSCRIBE id={p.PacketId} props={Describe(p.Properties)} filters={string.Join(',', p.Subscriptions.Select(s => $"{Text(s.Filter)}:{s.Options}"))}",
        UnsubscribePacket p => $"UNSUBSCRIBE id={p.PacketId} props={Describe(p.Properties)} filters={string.Join(',', p.Filters.Select(Text))}",
        SubscriptionAckPacket p => $"{Kind(p)} id={p.PacketId} props={Describe(p.Properties)} codes={Hex(p.Codes)}",
        ReasonPacket p => $"{Kind(p)} reason={(int)p.Reason} props={Describe(p.Properties)}",
        _ => Kind(packet),
    };

    /// <summary>Properties in words.</summary>
    public static string Describe(PropertyBlock properties)
    {
        var words = new List<string>();
        foreach (PropertyBlock.Property property in properties)
        {
            words.Add($"{property.Id}=" + PropertyRules.KindOf(property.Id) switch
            {
                PropertyKind.Utf8 => Encoding.UTF8.GetString(property.Value),
                PropertyKind.Binary => Convert.ToHexString(property.Value),
                PropertyKind.Utf8Pair => Encoding.UTF8.GetString(property.Name) + ":" + Encoding.UTF8.GetString(property.Value),
                _ => property.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        return "{" + string.Join(';', words) + "}";
    }

    private static string Describe(ConnectPacket p)
    {
        string text = $"CONNECT v={(int)p.Version} clean={Bit(p.CleanStart)} keepalive={p.KeepAlive} id={p.ClientId} props={Describe(p.Properties)}";
        if (p.Will is { } will)
            text += $" will={will.Topic}:{will.Qos}:{Bit(will.Retain)}:{Hex(will.Payload)} willprops={Describe(will.Properties)}";
        if (p.UserName is not null)
            text += $" user={p.UserName}";
        return p.Password is { } password ? text + $" pass={Hex(password)}" : text;
    }

    private static string Kind(IPacket packet) => packet.Type.ToString().ToUpperInvariant();

    private static int Bit(bool value) => value ? 1 : 0;

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexString(bytes.Span);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
