namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>UNSUBSCRIBE.</summary>
/// <remarks>
/// <code>
/// | packet id:2 | properties (5) | topic filter | topic filter | ...
/// </code>
/// </remarks>
public sealed class UnsubscribePacket : IPacket
{
    public required ushort PacketId { get; init; }

    /// <summary>MQTT 5; borrowed from the frame.</summary>
    public PropertyBlock Properties { get; init; }

    /// <summary>UTF-8; borrowed from the frame.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Filters { get; init; }

    /// <inheritdoc/>
    public PacketType Type => PacketType.Unsubscribe;

    /// <inheritdoc/>
    public byte Flags => 2;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(ReadOnlyMemory<byte> body, ProtocolVersion version, out UnsubscribePacket? packet)
    {
        packet = null;
        var reader = new PacketReader(body);
        ushort packetId = reader.ReadPacketId();
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Unsubscribe) : default;
        var filters = new List<ReadOnlyMemory<byte>>();
        while (reader.Remaining > 0)
        {
            ReadOnlyMemory<byte> filter = reader.ReadUtf8();
            ProtocolError wrong = TopicRules.CheckFilter(filter.Span);
            if (!reader.Failed && wrong.IsError)
                reader.Fail(wrong.Reason, wrong.Text);
            filters.Add(filter);
        }

        // [MQTT-3.10.3-2]
        if (filters.Count == 0)
            reader.Fail(ReasonCode.ProtocolError, "UNSUBSCRIBE without a topic filter");
        ProtocolError error = reader.Finish();
        if (!error.IsError)
            packet = new UnsubscribePacket { PacketId = packetId, Properties = properties, Filters = filters };
        return error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
    {
        int size = 2 + (version == ProtocolVersion.Mqtt5 ? PacketWriter.SizeOfProperties(Properties) : 0);
        foreach (ReadOnlyMemory<byte> filter in Filters)
            size += 2 + filter.Length;
        return size;
    }

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteUInt16(PacketId);
        if (version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
        foreach (ReadOnlyMemory<byte> filter in Filters)
            writer.WriteBinary(filter.Span);
    }
}
