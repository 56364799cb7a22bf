namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>PUBLISH: a view over its frame.</summary>
/// <remarks>
/// <code>
/// flags: dup:1 QoS:2 retain:1
/// | topic name | packet id:2 (QoS 1, 2) | properties (5) | payload to the end |
/// </code>
/// Lifetime: that of the frame.
/// </remarks>
public readonly struct PublishPacket : IPacket
{
    public bool Dup { get; init; }

    public byte Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>UTF-8; empty in version 5 when an alias stands for it.</summary>
    public ReadOnlyMemory<byte> Topic { get; init; }

    /// <summary>0 at QoS 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>MQTT 5.</summary>
    public PropertyBlock Properties { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <inheritdoc/>
    public PacketType Type => PacketType.Publish;

    /// <inheritdoc/>
    public byte Flags => MakeFlags(Dup, Qos, Retain);

    /// <summary>The lower four bits of the fixed header.</summary>
    public static byte MakeFlags(bool dup, byte qos, bool retain) => (byte)((dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0));

    /// <summary>Decodes a body; the cutter judged the flags [MQTT-3.3.1-2] [MQTT-3.3.1-4].</summary>
    public static ProtocolError TryDecode(ReadOnlyMemory<byte> body, byte flags, ProtocolVersion version, out PublishPacket packet)
    {
        var reader = new PacketReader(body);
        byte qos = (byte)((flags >> 1) & 3);
        ReadOnlyMemory<byte> topic = reader.ReadUtf8();
        ushort packetId = qos == 0 || reader.Failed ? (ushort)0 : reader.ReadPacketId();
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Publish) : default;
        ReadOnlyMemory<byte> payload = reader.ReadRest();
        if (!reader.Failed)
            CheckTopic(ref reader, topic.Span, version, properties);
        packet = new PublishPacket
        {
            Dup = (flags & 8) != 0,
            Qos = qos,
            Retain = (flags & 1) != 0,
            Topic = topic,
            PacketId = packetId,
            Properties = properties,
            Payload = payload,
        };
        return reader.Error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
        => 2 + Topic.Length + (Qos > 0 ? 2 : 0) + (version == ProtocolVersion.Mqtt5 ? PacketWriter.SizeOfProperties(Properties) : 0) + Payload.Length;

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteBinary(Topic.Span);
        if (Qos > 0)
            writer.WriteUInt16(PacketId);
        if (version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
        writer.WriteBytes(Payload.Span);
    }

    private static void CheckTopic(ref PacketReader reader, ReadOnlySpan<byte> topic, ProtocolVersion version, PropertyBlock properties)
    {
        if (topic.IsEmpty && version == ProtocolVersion.Mqtt5)
        {
            if (!properties.Contains(PropertyId.TopicAlias))
                reader.Fail(ReasonCode.ProtocolError, "topic name is empty and there is no topic alias");
            return;
        }

        ProtocolError wrong = TopicRules.CheckName(topic);
        if (wrong.IsError)
            reader.Fail(wrong.Reason, wrong.Text);
    }
}
